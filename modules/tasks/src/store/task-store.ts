import type { Database } from '@taskflow/database'
import { type Events, firstIdAt, TaskFlowError } from '@taskflow/kernel'
import { OUTCOME_BY_REASON, outcomeOfLast } from '../domain/attempt-ends.ts'
import { taskFailure } from '../domain/failures.ts'
import { historyOf, type RecordedEvent, readPlace, type TaskEvent, type TaskEventKind } from '../domain/history.ts'
import { HEAD_START_MS } from '../domain/priority.ts'
import type {
  Attempt,
  AttemptOutcomeName,
  LeaseId,
  LogLine,
  Task,
  TaskFailure,
  TaskId,
  WorkerId,
} from '../domain/task.ts'
import { canTransition, EDITABLE_STATES, isEditable, isFinished, TRANSITIONS } from '../domain/task-state.ts'
import type { Admitter } from '../ports/admission.ts'
import { MAX_PAGE_BYTES, type Page, type TaskFilter, type TaskStore } from '../ports/task-store.ts'
import { cancelTask } from '../statements/cancel-task.ts'
import { editTask } from '../statements/edit-task.ts'
import { findFinishedTasks } from '../statements/find-finished-tasks.ts'
import { getTask } from '../statements/get-task.ts'
import { type AttemptRow, listAttempts } from '../statements/list-attempts.ts'
import { type EventRow, listEvents } from '../statements/list-events.ts'
import { listLogs } from '../statements/list-logs.ts'
import { listTasks } from '../statements/list-tasks.ts'
import { listUnsuccessfulTasks } from '../statements/list-unsuccessful-tasks.ts'
import { readTasks } from '../statements/read-tasks.ts'
import { redriveTask } from '../statements/redrive-task.ts'
import { dispatchesOf, toDispatch } from './dispatch-row.ts'
import type { NotifyQueued } from './notify-queued.ts'
import { findSubmitted, taskSubmitter } from './submit.ts'
import { HEAD_STARTS_MS, parseJson, priorityNumber, type TaskRow, toTask } from './task-row.ts'

interface Deps {
  readonly db: Database
  /** For lists, which may be a moment old. */
  readonly readDb: Database
  readonly events: Events
  readonly retentionMs: number
  /** Consumers of notices, of all rooms. */
  readonly consumers: readonly string[]
  readonly admitters: readonly Admitter[]
  readonly notifyQueued: NotifyQueued | undefined
}

const CANCELLED_BEFORE_START = taskFailure('Cancelled', 'Cancelled before it started', 'cancelled')

export function taskStore({ db, readDb, events, retentionMs, consumers, admitters, notifyQueued }: Deps): TaskStore {
  async function findRow(project: string, id: TaskId): Promise<TaskRow> {
    const [row] = await db.run(getTask, [id, project])
    if (!row) throw new TaskFlowError('TASK_NOT_FOUND', `There is no task ${id}`, { details: { id } })
    return row
  }

  /**
   * For what belongs to one task. A replica that does not have it, or not yet what the page follows, may be behind: it
   * may just have been stored. Asks the primary in that case, and where the replica's answer does not suffice.
   */
  async function readForList<Found>(
    project: string,
    id: TaskId,
    read: (row: TaskRow, from: Database) => Promise<Found>,
    suffices: (found: Found) => boolean = () => true,
  ): Promise<Found> {
    const [row] = readDb === db ? [] : await readDb.run(getTask, [id, project])
    const found = row && (await read(row, readDb))
    return found !== undefined && suffices(found) ? found : read(await findRow(project, id), db)
  }

  const find = async (project: string, id: TaskId): Promise<Task> => toTask(await findRow(project, id))

  /** Returns attempts in the order in which they started, beginning with the first or with the given one. */
  async function attemptsFrom(
    row: TaskRow,
    from: Database,
    first: string | undefined,
    limit: number,
  ): Promise<Attempt[] | undefined> {
    const last = lastAttempt(row)
    if (first !== undefined && first === last?.id) return [last]
    const attempts: Attempt[] = (await from.run(listAttempts, [row.id, first ?? null, limit])).map(toAttempt)
    if (first !== undefined && attempts[0]?.id !== first) return undefined
    // The attempt on the row may have become a record since the row was read.
    if (last && attempts.length < limit && attempts.at(-1)?.id !== last.id) attempts.push(last)
    return attempts
  }

  function listRows(filter: TaskFilter, { limit, before }: Page): Promise<TaskRow[]> {
    const onlyUnsuccessful = filter.states?.every((state) => state === 'failed' || state === 'cancelled') ?? false
    const upper = filter.createdBefore && firstIdAt(filter.createdBefore)
    return readDb.run(onlyUnsuccessful ? listUnsuccessfulTasks : listTasks, [
      filter.project,
      limit,
      // Both bound the id from above; ids sort as text.
      smallest(before, upper),
      filter.createdAfter ? firstIdAt(filter.createdAfter) : null,
      filter.states ?? null,
      filter.queue ?? null,
      filter.type ?? null,
      filter.priority === undefined ? null : priorityNumber(filter.priority),
      filter.labels ? JSON.stringify(filter.labels) : null,
      filter.createdBy ?? null,
      filter.search === undefined ? null : `%${escapeLike(filter.search)}%`,
    ])
  }

  return {
    submitTasks: taskSubmitter({ db, events, admitters, notifyQueued }),
    findSubmitted: (requests) => findSubmitted(db, requests),

    getTask: find,

    async listTasks(filter, page, include) {
      for (;;) {
        const rows = await listRows(filter, page)
        if (!include.payload && !include.result) return rows.map((row) => ({ ...toTask(row), fits: true }))
        const ids = rows.map(({ id }) => id)
        // Reads whole tasks again, so that payload, result and state are of one moment.
        const whole = await readDb.run(readTasks, [ids, include.payload, include.result, MAX_PAGE_BYTES])
        // One was deleted between the two reads. A list without it would look like the last page.
        if (whole.length < rows.length) continue
        return whole.map((row) => ({ ...toTask(row), fits: row.fits }))
      }
    },

    async findFinishedTasks(ids) {
      const rows = await db.run(findFinishedTasks, [ids])
      return rows.map(({ id }) => id as TaskId)
    },

    async editTask(id, edit, by, ifVersion) {
      for (;;) {
        const task = await find(by.project, id)
        if (!isEditable(task.state)) {
          throw new TaskFlowError('TASK_STATE_CONFLICT', `Cannot edit task ${id}: it is ${task.state}`, {
            details: { id, state: task.state },
          })
        }
        if (ifVersion !== undefined && ifVersion !== task.version) {
          throw new TaskFlowError('PRECONDITION_FAILED', `Task ${id} changed since it was read`, { details: { id } })
        }
        const edited = { ...task, ...edit }
        if (edited.maxAttempts <= task.attempt) {
          throw new TaskFlowError(
            'TASK_INVALID',
            `Expected maxAttempts of task ${id} to be above the ${task.attempt} attempts it has used`,
            { details: { id } },
          )
        }
        const [row] = await db.run(editTask, [
          id,
          by.project,
          EDITABLE_STATES,
          task.version,
          edited.queue,
          priorityNumber(edited.priority),
          HEAD_START_MS[edited.priority],
          edited.payload,
          edit.runAt !== undefined,
          edit.runAt ?? null,
          edited.maxAttempts,
          Object.keys(edited.labels).length === 0 ? null : JSON.stringify(edited.labels),
          edited.title,
          edited.description,
          by.actor,
          JSON.stringify(Object.keys(edit)),
          HEAD_STARTS_MS,
        ])
        // No row: it changed between the read and the write. The next round finds out into what.
        if (!row) continue
        notifyQueued?.(dispatchesOf([row]))
        events.emit('task.edited', { id })
        return find(by.project, id)
      }
    },

    async cancelTask(id, by, reason) {
      const [row] = await db.run(cancelTask, [
        id,
        by.project,
        TRANSITIONS.cancel.from,
        by.actor,
        reason,
        JSON.stringify(CANCELLED_BEFORE_START),
        retentionMs,
        consumers,
      ])
      // Emitted before the read: if that fails, the verb has happened all the same.
      if (row?.is_new) events.emit(row.state === 'running' ? 'task.cancelRequested' : 'task.cancelled', { id })
      const task = await find(by.project, id)
      // A running task may have ended otherwise before it could stop: the same answer as a moment later.
      if (!row || (isFinished(task.state) && task.state !== 'cancelled')) throw conflict('cancel', task)
      return task
    },

    async redriveTask(id, by, payload) {
      const [row] = await db.run(redriveTask, [
        id,
        by.project,
        TRANSITIONS.redrive.from,
        by.actor,
        payload,
        HEAD_STARTS_MS,
        JSON.stringify(OUTCOME_BY_REASON),
      ])
      if (row) {
        notifyQueued?.([toDispatch(row)])
        events.emit('task.redriven', { id })
      }
      const task = await find(by.project, id)
      if (!row) throw conflict('redrive', task)
      return task
    },

    listAttempts: (project, id, { limit, after }) =>
      readForList(project, id, async (row, from) => {
        if (after === undefined) return attemptsFrom(row, from, undefined, limit)
        return (await attemptsFrom(row, from, after, limit + 1))?.slice(1)
      }),

    async listEvents(project, id, { limit, after }) {
      const place = after === undefined ? undefined : readPlace(after)
      // Each attempt but the last has two events, and the attempt of the place may have none left.
      const most = Math.ceil(limit / 2) + 1
      return readForList(project, id, async (row, from) => {
        const [attempts, recorded] = await Promise.all([
          attemptsFrom(row, from, place?.attempt?.id, most),
          from.run(listEvents, [id, place?.recorded?.atUs ?? null, place?.recorded?.id ?? null, limit]),
        ])
        if (!attempts) return undefined
        return historyOf({ task: toTask(row), attempts, recorded: recorded.map(toEvent) }, place).slice(0, limit)
      })
    },

    async listLogs(project, id, { limit, after }) {
      const rows = await readForList(
        project,
        id,
        (_, from) => from.run(listLogs, [id, after ?? null, limit]),
        // A replica may lack the newest lines, and a follower stops where the lines of a finished task end.
        (found) => found.length === limit,
      )
      return rows.map(({ id: cursor, attempt, at, level, message, fields }) => ({
        cursor,
        attempt,
        at,
        level: level as LogLine['level'],
        message,
        fields,
      }))
    },
  }
}

/** `task` was read after the verb was refused, so a state that would allow it now means a race that the caller may repeat. */
function conflict(verb: 'cancel' | 'redrive', task: Task): TaskFlowError {
  const { id, state } = task
  const why = canTransition(verb, state) ? `it was changing; it is now ${state}` : `it is ${state}`
  return new TaskFlowError('TASK_STATE_CONFLICT', `Cannot ${verb} task ${id}: ${why}`, { details: { id, verb, state } })
}

function toEvent({ id, kind, at, actor, detail, at_us: atUs }: EventRow): RecordedEvent {
  return { id, kind: kind as TaskEventKind, at, actor, detail: JSON.parse(detail) as TaskEvent['detail'], atUs }
}

function toAttempt(row: AttemptRow): Attempt {
  return {
    id: row.lease_id as LeaseId,
    attempt: row.attempt,
    workerId: row.worker_id as WorkerId,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    outcome: row.outcome as AttemptOutcomeName,
    error: parseJson<TaskFailure>(row.error),
  }
}

/** Returns the attempt that runs, or that finished the task. This attempt has no record of its own. */
function lastAttempt(row: TaskRow): Attempt | undefined {
  if (row.lease_id === null || row.worker_id === null || row.started_at === null) return undefined
  const task = toTask(row)
  const error = task.state === 'succeeded' || task.state === 'running' ? null : task.error
  return {
    id: row.lease_id as LeaseId,
    attempt: row.attempt,
    workerId: row.worker_id as WorkerId,
    startedAt: row.started_at,
    endedAt: row.finished_at,
    outcome: outcomeOf(task),
    error,
  }
}

function outcomeOf({ state, error }: Task): AttemptOutcomeName {
  return isFinished(state) ? outcomeOfLast(state, error?.reason) : 'running'
}

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, (sign) => `\\${sign}`)

function smallest(...ids: readonly (string | undefined)[]): string | null {
  return ids.filter((id) => id !== undefined).sort()[0] ?? null
}

import type { Database, Queryable } from '@taskflow/database'
import { plainArray, textArray } from '@taskflow/database'
import { type Events, hasCode, naturalBatch, TaskFlowError } from '@taskflow/kernel'
import type { Dispatch } from '../dispatch/broker.ts'
import { rankOf } from '../domain/priority.ts'
import type { NewTask, TaskId } from '../domain/task.ts'
import type { IdempotencyKey, Submission, Submitted, TaskStore } from '../ports/task-store.ts'
import { findIdempotencyKeys } from '../statements/find-idempotency-keys.ts'
import { submitAlikeTasks } from '../statements/submit-alike-tasks.ts'
import { submitTasks } from '../statements/submit-tasks.ts'
import { submitTasksOnce } from '../statements/submit-tasks-once.ts'
import type { TellQueued } from './notify-queued.ts'
import { kindColumns, kindsOf, kindValues } from './task-templates.ts'

interface Deps {
  readonly db: Database
  readonly events: Events
  readonly tellQueued: TellQueued | undefined
}

type OnceSubmission = Submission & { readonly idempotency: IdempotencyKey }

// Above this a statement grows longer without getting cheaper by the row.
const MAX_ROWS = 1_000
// From here on little is gained by gathering more, and the database need not wait while the next statement is made.
const MANY_ROWS = 250

/**
 * Submission, gathered. Two lines form while statements are in flight: one of
 * submissions without an idempotency key, one of those with, so that the former do not
 * pay for the key's row. Each submission is stored as a whole or not at all.
 */
export function taskSubmitter({ db, events, tellQueued }: Deps): TaskStore['submitTasks'] {
  const batching = {
    maxWeight: MAX_ROWS,
    // In this very process it would only stand before a claim.
    ...(db.engine === 'postgres' && { secondFromWeight: MANY_ROWS }),
    weigh: ({ tasks }: Submission) => tasks.length,
    isShared: (error: unknown) => hasCode(error, 'DATABASE_UNAVAILABLE'),
    onBatch: (size: number) => events.emit('batch.left', { lane: 'submit', size }),
  }
  const plain = naturalBatch<Submission, Submitted>({
    ...batching,
    run: (items) => submitPlain({ db, tellQueued }, items),
  })
  const once = naturalBatch<OnceSubmission, Submitted | TaskFlowError>({
    ...batching,
    run: (items) => submitOnce({ db, tellQueued }, items),
  })

  return async (submission) => {
    const { idempotency } = submission
    const submitted = await (idempotency ? once.add({ ...submission, idempotency }) : plain.add(submission))
    if (submitted instanceof TaskFlowError) throw submitted
    if (!submitted.replayed) announce(events, submission.tasks)
    return submitted
  }
}

/**
 * Submits by statements of its own, on a connection that may be in a transaction of the caller's: it is stored when that
 * commits, and so is what `tellQueued` is told.
 */
export async function submitWithin(via: Via, submission: Submission): Promise<Submitted> {
  const { idempotency } = submission
  const [submitted] = await (idempotency
    ? submitOnce(via, [{ ...submission, idempotency }])
    : submitPlain(via, [submission]))
  if (submitted instanceof TaskFlowError) throw submitted
  return submitted as Submitted
}

interface Via {
  readonly db: Queryable
  readonly tellQueued?: TellQueued | undefined
}

async function submitPlain({ db, tellQueued }: Via, submissions: readonly Submission[]): Promise<Submitted[]> {
  const tasks = submissions.flatMap((submission) => submission.tasks)
  const { kinds, numbers } = kindsOf(tasks)
  const [kind, another] = kinds
  const [row] =
    kind && !another
      ? await db.run(submitAlikeTasks, [...itemColumns(tasks), ...kindValues(kind)])
      : await db.run(submitTasks, [...itemColumns(tasks), plainArray(numbers), ...kindColumns(kinds)])
  const createdAt = (row as { created_at: Date }).created_at
  tellQueued?.(queuedOf(tasks, createdAt))
  return submissions.map((submission) => ({ ids: idsOf(submission), createdAt, replayed: false }))
}

/** A refusal is a value here: thrown, it would have the whole batch run again, and firsts be answered as replays. */
async function submitOnce(
  { db, tellQueued }: Via,
  submissions: readonly OnceSubmission[],
): Promise<(Submitted | TaskFlowError)[]> {
  // The same key twice in one batch is one submission and its retries.
  const firsts = [...new Map(submissions.toReversed().map((each) => [keyOf(each), each])).values()]
  const tasks = firsts.flatMap((submission) => submission.tasks)
  const { kinds, numbers } = kindsOf(tasks)
  const stored = await db.run(submitTasksOnce, [
    ...itemColumns(tasks),
    plainArray(numbers),
    ...kindColumns(kinds),
    plainArray(firsts.flatMap((submission, index) => submission.tasks.map(() => index + 1))),
    textArray(firsts.map((submission) => submission.project)),
    textArray(firsts.map((submission) => submission.idempotency.key)),
    textArray(firsts.map((submission) => submission.idempotency.requestHash)),
  ])
  const createdAtOf = new Map(stored.map((row) => [`${row.project} ${row.key}`, row.created_at]))
  const fresh = new Set(firsts.filter((submission) => createdAtOf.has(keyOf(submission))))
  const [row] = stored
  if (row && tellQueued) {
    const storedIds = new Set([...fresh].flatMap(idsOf))
    tellQueued(queuedOf(tasks, row.created_at).filter(({ taskId }) => storedIds.has(taskId)))
  }
  const used = submissions.filter((submission) => !fresh.has(submission))
  const replays = used.length === 0 ? new Map<string, Replay>() : await findReplays(db, used)
  return submissions.map((submission) => {
    const createdAt = fresh.has(submission) ? createdAtOf.get(keyOf(submission)) : undefined
    return createdAt ? { ids: idsOf(submission), createdAt, replayed: false } : replayOf(submission, replays)
  })
}

interface Replay {
  readonly requestHash: string
  readonly ids: readonly TaskId[]
  readonly createdAt: Date
}

async function findReplays(db: Queryable, submissions: readonly OnceSubmission[]): Promise<Map<string, Replay>> {
  const rows = await db.run(findIdempotencyKeys, [
    textArray(submissions.map((submission) => submission.project)),
    textArray(submissions.map((submission) => submission.idempotency.key)),
  ])
  return new Map(
    rows.map((row) => [
      `${row.project} ${row.key}`,
      { requestHash: row.request_hash, ids: row.task_ids as TaskId[], createdAt: row.created_at },
    ]),
  )
}

function replayOf(submission: OnceSubmission, replays: ReadonlyMap<string, Replay>): Submitted | TaskFlowError {
  const { key, requestHash } = submission.idempotency
  const replay = replays.get(keyOf(submission))
  // The key was there a moment ago and its day ended in between: the caller's retry will be a first.
  if (!replay)
    return new TaskFlowError('DATABASE_UNAVAILABLE', `Idempotency key ${key} just expired; send the request again`)
  if (replay.requestHash !== requestHash) {
    return new TaskFlowError('IDEMPOTENCY_CONFLICT', `Idempotency key ${key} was used with another request`, {
      details: { key },
    })
  }
  return { ids: replay.ids, createdAt: replay.createdAt, replayed: true }
}

const keyOf = ({ project, idempotency }: OnceSubmission): string => `${project} ${idempotency.key}`

const idsOf = ({ tasks }: Submission): TaskId[] => tasks.map((task) => task.id)

/**
 * Those of the tasks of one statement that it stored as queued, with the ranks it gave them: the same decision, made
 * here so that the statement need not return a row for each. The part of a rank below a millisecond is lost with the
 * Date, but for their order.
 */
function queuedOf(tasks: readonly NewTask[], createdAt: Date): Dispatch[] {
  return tasks.flatMap((task, index) => {
    const { id: taskId, project, queue, type, priority } = task
    if (isDueAfter(task, createdAt)) return []
    return [
      { taskId, project, queue, type, priority, rankMs: rankOf(priority, createdAt).getTime() + (index + 1) / 1000 },
    ]
  })
}

const isDueAfter = ({ runAt, delayMs }: NewTask, moment: Date): boolean =>
  runAt === null ? (delayMs ?? 0) > 0 : runAt > moment

const itemColumns = (tasks: readonly NewTask[]) =>
  [plainArray(tasks.map(({ id }): string => id)), textArray(tasks.map(({ payload }) => payload))] as const

function announce(events: Events, tasks: readonly NewTask[]): void {
  const counts: { readonly type: string; readonly queue: string; count: number }[] = []
  for (const { type, queue } of tasks) {
    const last = counts.at(-1)
    const entry =
      last?.type === type && last.queue === queue
        ? last
        : counts.find((each) => each.type === type && each.queue === queue)
    if (entry) entry.count++
    else counts.push({ type, queue, count: 1 })
  }
  for (const entry of counts) events.emit('tasks.submitted', entry)
}

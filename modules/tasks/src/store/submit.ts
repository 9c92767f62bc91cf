import type { Database, Queryable } from '@taskflow/database'
import { plainArray, textArray } from '@taskflow/database'
import { type Events, hasCode, naturalBatch, TaskFlowError } from '@taskflow/kernel'
import type { Dispatch } from '../dispatch/broker.ts'
import { rankOf } from '../domain/priority.ts'
import type { NewTask, TaskId } from '../domain/task.ts'
import { applyChanges, changesOf } from '../domain/task-changes.ts'
import type { Admitter } from '../ports/admission.ts'
import type { Gate } from '../ports/gate.ts'
import type { IdempotencyKey, KeyedRequest, Submission, Submitted, TaskStore } from '../ports/task-store.ts'
import { findIdempotencyKeys } from '../statements/find-idempotency-keys.ts'
import { submitAlikeTasks } from '../statements/submit-alike-tasks.ts'
import { submitTasks } from '../statements/submit-tasks.ts'
import { submitTasksOnce } from '../statements/submit-tasks-once.ts'
import { askAdmitters, isAccepted } from './ask-admitters.ts'
import { readmitIfOpen } from './gate-store.ts'
import type { NotifyQueued } from './notify-queued.ts'
import { isPlain, templateColumns, templatesOf, templateValues } from './task-templates.ts'

interface Deps {
  readonly db: Database
  readonly events: Events
  /** The admitters of all rooms. */
  readonly admitters: readonly Admitter[]
  readonly notifyQueued: NotifyQueued | undefined
}

type OnceSubmission = Submission & { readonly idempotency: IdempotencyKey }

// Above this a statement grows longer without getting cheaper by the row.
const MAX_ROWS = 1_000
// From here on little is gained by gathering more, and the database need not wait while the next statement is made.
const MANY_ROWS = 250

/**
 * Submission, gathered. Two batches form while statements are in flight: one of submissions without an idempotency key,
 * one of submissions with a key, so that the former do not pay for the key's row. Each submission is stored as a whole or
 * not at all.
 */
export function taskSubmitter({ db, events, admitters, notifyQueued }: Deps): TaskStore['submitTasks'] {
  const batching = {
    maxWeight: MAX_ROWS,
    // In this very process it would only delay a claim.
    ...(db.engine === 'postgres' && { secondFromWeight: MANY_ROWS }),
    weigh: ({ tasks }: Submission) => tasks.length,
    isShared: (error: unknown) => hasCode(error, 'DATABASE_UNAVAILABLE'),
    onBatch: (size: number) => events.emit('batch.left', { lane: 'submit', size }),
  }
  const via = { db, admitters, notifyQueued }

  /** A gate may have been opened between the admitter's read and the insert, by a process that did not see these tasks. */
  async function readmitting(
    items: readonly Submission[],
    storing: Promise<(Submitted | TaskFlowError)[]>,
  ): Promise<(Submitted | TaskFlowError)[]> {
    const results = await storing
    // Only an admitter lets a task wait at a gate.
    if (admitters.length === 0) return results
    const stored = results.flatMap((result, index) =>
      result instanceof TaskFlowError || result.replayed ? [] : (result.tasks ?? items[index]?.tasks ?? []),
    )
    try {
      for (const gate of gatesOf(stored)) await readmitIfOpen({ db, notifyQueued }, gate)
    } catch (error) {
      // The tasks are stored, and the gate sweeper readmits what this did not.
      events.emit('tasks.notReadmitted', { error })
    }
    return results
  }

  const plain = naturalBatch<Submission, Submitted | TaskFlowError>({
    ...batching,
    run: (items) => readmitting(items, submitPlain(via, items)),
  })
  const once = naturalBatch<OnceSubmission, Submitted | TaskFlowError>({
    ...batching,
    run: (items) => readmitting(items, submitOnce(via, items)),
  })

  return async (submission) => {
    const { idempotency } = submission
    const submitted = await (idempotency ? once.add({ ...submission, idempotency }) : plain.add(submission))
    if (submitted instanceof TaskFlowError) throw submitted
    if (!submitted.replayed) emitSubmitted(events, submitted.tasks ?? submission.tasks)
    return submitted
  }
}

/**
 * Submits by statements of its own, on a connection that may be in a transaction of the caller's: when that commits, the
 * tasks are stored, and `notifyQueued` may publish what it was given.
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
  readonly admitters: readonly Admitter[]
  readonly notifyQueued?: NotifyQueued | undefined
}

/** The gates at which these tasks wait, each once. */
function gatesOf(tasks: readonly NewTask[]): Iterable<Gate> {
  const gates = new Map<string, Gate>()
  for (const { project, waitingGate: name } of tasks)
    if (name !== null) gates.set(JSON.stringify([project, name]), { project, name })
  return gates.values()
}

function submitPlain(via: Via, submissions: readonly Submission[]): Promise<(Submitted | TaskFlowError)[]> {
  if (via.admitters.length === 0) return storePlain(via, submissions)
  return storeAdmitted(via, submissions, (accepted) => storePlain(via, accepted))
}

async function submitOnce(via: Via, submissions: readonly OnceSubmission[]): Promise<(Submitted | TaskFlowError)[]> {
  if (via.admitters.length === 0) return storeOnce(via, submissions)
  const results = await storeAdmitted(via, submissions, (accepted) => storeOnce(via, accepted))
  // A submission that was stored before is answered as it was then, also where it would be refused now.
  const refused = submissions.filter((_, index) => results[index] instanceof TaskFlowError)
  const replays = refused.length === 0 ? new Map<string, Replay>() : await findReplays(via.db, refused)
  return submissions.map((submission, index) => {
    const result = results[index] as Submitted | TaskFlowError
    const isReplay = result instanceof TaskFlowError && replays.has(keyOf(submission))
    return isReplay ? replayOf(submission, replays) : result
  })
}

/** Stores what the admitters accept. A refusal is the result of its submission alone. */
async function storeAdmitted<Each extends Submission>(
  { db, admitters }: Via,
  submissions: readonly Each[],
  store: (accepted: readonly Each[]) => Promise<(Submitted | TaskFlowError)[]>,
): Promise<(Submitted | TaskFlowError)[]> {
  const answers = await askAdmitters(admitters, submissions, db)
  const accepted = answers.filter(isAccepted)
  const stored = accepted.length === 0 ? [] : await store(accepted)
  return answers.map((answer, index) => {
    if (!isAccepted(answer)) return answer
    const result = stored.shift() as Submitted | TaskFlowError
    const isChanged = answer !== submissions[index] && !(result instanceof TaskFlowError) && !result.replayed
    return isChanged ? { ...result, tasks: answer.tasks } : result
  })
}

async function storePlain(
  { db, notifyQueued }: Via,
  submissions: readonly Submission[],
): Promise<(Submitted | TaskFlowError)[]> {
  const tasks = submissions.flatMap((submission) => submission.tasks)
  const { templates, numbers } = templatesOf(tasks)
  const [template, another] = templates
  const [row] =
    template && !another && isPlain(template)
      ? await db.run(submitAlikeTasks, [...itemColumns(tasks), ...templateValues(template)])
      : await db.run(submitTasks, [...itemColumns(tasks), plainArray(numbers), ...templateColumns(templates)])
  const createdAt = (row as { created_at: Date }).created_at
  notifyQueued?.(queuedOf(tasks, createdAt))
  return submissions.map((submission) => ({ ids: idsOf(submission), createdAt, replayed: false }))
}

/** A refusal is a value: thrown, it would run the whole batch again, and answer first submissions as replays. */
async function storeOnce(
  { db, notifyQueued }: Via,
  submissions: readonly OnceSubmission[],
): Promise<(Submitted | TaskFlowError)[]> {
  // The same key twice in one batch is one submission and its retries.
  const firsts = [...new Map(submissions.toReversed().map((each) => [keyOf(each), each])).values()]
  const tasks = firsts.flatMap((submission) => submission.tasks)
  const { templates, numbers } = templatesOf(tasks)
  const stored = await db.run(submitTasksOnce, [
    ...itemColumns(tasks),
    plainArray(numbers),
    ...templateColumns(templates),
    plainArray(firsts.flatMap((submission, index) => submission.tasks.map(() => index + 1))),
    textArray(firsts.map((submission) => submission.project)),
    textArray(firsts.map((submission) => submission.idempotency.key)),
    textArray(firsts.map((submission) => submission.idempotency.requestHash)),
    textArray(firsts.map(changesText)),
  ])
  const createdAtOf = new Map(stored.map((row) => [`${row.project} ${row.key}`, row.created_at]))
  const fresh = new Set(firsts.filter((submission) => createdAtOf.has(keyOf(submission))))
  const [row] = stored
  if (row && notifyQueued) {
    const storedIds = new Set([...fresh].flatMap(idsOf))
    notifyQueued(queuedOf(tasks, row.created_at).filter(({ taskId }) => storedIds.has(taskId)))
  }
  const used = submissions.filter((submission) => !fresh.has(submission))
  const replays = used.length === 0 ? new Map<string, Replay>() : await findReplays(db, used)
  return submissions.map((submission) => {
    const createdAt = fresh.has(submission) ? createdAtOf.get(keyOf(submission)) : undefined
    return createdAt ? { ids: idsOf(submission), createdAt, replayed: false } : replayOf(submission, replays)
  })
}

/** Finds what earlier submissions with these keys were answered; undefined where a key is unused. */
export async function findSubmitted(
  db: Queryable,
  requests: readonly KeyedRequest[],
): Promise<(Submitted | TaskFlowError | undefined)[]> {
  const replays = await findReplays(db, requests)
  return requests.map((request) => (replays.has(keyOf(request)) ? replayOf(request, replays) : undefined))
}

function changesText({ idempotency: { requested }, tasks: [task] }: OnceSubmission): string | null {
  const changes = requested && task && changesOf(requested, task)
  return changes ? JSON.stringify(changes) : null
}

interface Replay {
  readonly requestHash: string
  readonly changes: string | null
  readonly ids: readonly TaskId[]
  readonly createdAt: Date
}

async function findReplays(db: Queryable, submissions: readonly KeyedRequest[]): Promise<Map<string, Replay>> {
  const rows = await db.run(findIdempotencyKeys, [
    textArray(submissions.map((submission) => submission.project)),
    textArray(submissions.map((submission) => submission.idempotency.key)),
  ])
  return new Map(
    rows.map((row) => [
      `${row.project} ${row.key}`,
      {
        requestHash: row.request_hash,
        changes: row.changes,
        ids: row.task_ids as TaskId[],
        createdAt: row.created_at,
      },
    ]),
  )
}

function replayOf(
  { project, idempotency }: KeyedRequest,
  replays: ReadonlyMap<string, Replay>,
): Submitted | TaskFlowError {
  const { key, requestHash, requested } = idempotency
  const replay = replays.get(keyOf({ project, idempotency }))
  // The key existed a moment ago, and its day ended in between: the caller's retry is a first submission.
  if (!replay)
    return new TaskFlowError('DATABASE_UNAVAILABLE', `Idempotency key ${key} just expired; send the request again`)
  if (replay.requestHash !== requestHash) {
    return new TaskFlowError('IDEMPOTENCY_CONFLICT', `Idempotency key ${key} was used with another request`, {
      details: { key },
    })
  }
  const { ids, createdAt, changes } = replay
  return { ids, createdAt, replayed: true, ...(requested && { tasks: [applyChanges(requested, changes)] }) }
}

const keyOf = ({ project, idempotency }: KeyedRequest): string => `${project} ${idempotency.key}`

const idsOf = ({ tasks }: Submission): TaskId[] => tasks.map((task) => task.id)

/**
 * The tasks that one statement stored as claimable, with the ranks it gave them: the same decision, made here so that the
 * statement need not return a row for each. A Date loses the part of a rank below a millisecond, except for the order.
 */
function queuedOf(tasks: readonly NewTask[], createdAt: Date): Dispatch[] {
  return tasks.flatMap((task, index) => {
    const { id: taskId, project, queue, type, priority, waitingGate } = task
    if (waitingGate !== null || isDueAfter(task, createdAt)) return []
    return [
      { taskId, project, queue, type, priority, rankMs: rankOf(priority, createdAt).getTime() + (index + 1) / 1000 },
    ]
  })
}

const isDueAfter = ({ runAt, delayMs }: NewTask, moment: Date): boolean =>
  runAt === null ? (delayMs ?? 0) > 0 : runAt > moment

const itemColumns = (tasks: readonly NewTask[]) =>
  [plainArray(tasks.map(({ id }): string => id)), textArray(tasks.map(({ payload }) => payload))] as const

function emitSubmitted(events: Events, tasks: readonly NewTask[]): void {
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

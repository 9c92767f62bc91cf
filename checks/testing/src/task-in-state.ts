import { randomUUID } from 'node:crypto'
import type { Database } from '@taskflow/database'
import type { WorkerIntroduction } from '@taskflow/fleet'
import type { Storage } from '@taskflow/rooms'
import type {
  Attempt,
  Lease,
  NewTask,
  SettlementResult,
  TaskEvent,
  TaskFailure,
  TaskId,
  TaskState,
  Verdict,
} from '@taskflow/tasks'
import { claimBy, newTask, newWorker, PROJECT, submissionOf } from './factories.ts'
import { script } from './raw-sql.ts'

export interface StartedTask {
  readonly task: NewTask
  readonly worker: WorkerIntroduction
  readonly lease: Lease
}

export const failure: TaskFailure<'exhausted'> = { name: 'Error', message: 'it broke', reason: 'exhausted' }

/** A verdict of each verb, for tests that do not care about its details. */
export const VERDICTS: { readonly [Verb in Verdict['verb']]: Extract<Verdict, { verb: Verb }> } = {
  complete: { verb: 'complete', result: '{"done":true}' },
  fail: { verb: 'fail', error: failure },
  cancel: { verb: 'cancel', error: { ...failure, reason: 'cancelled' } },
  retry: { verb: 'retry', error: { ...failure, reason: 'retryable' }, delayMs: 3_600_000 },
  snooze: { verb: 'snooze', delayMs: 3_600_000 },
  release: { verb: 'release' },
  rescue: { verb: 'rescue', error: { ...failure, reason: 'crashed' } },
}

export async function submitTask(storage: Storage, given: Partial<NewTask> = {}): Promise<NewTask> {
  const task = newTask(given)
  await storage.submitTasks(submissionOf(task))
  return task
}

export async function startWorker(
  storage: Storage,
  given: Partial<WorkerIntroduction> = {},
): Promise<WorkerIntroduction> {
  const worker = newWorker(given)
  await storage.registerWorker(worker, [])
  return worker
}

/** A task that runs, in the hands of a worker that takes nothing else. */
export async function startTask(storage: Storage, given: Partial<NewTask> = {}): Promise<StartedTask> {
  const task = await submitTask(storage, { type: `only.${randomUUID()}`, ...given })
  const worker = await startWorker(storage, { project: task.project, queues: [task.queue], types: [task.type] })
  return { task, worker, lease: await claimOne(storage, worker) }
}

export async function claimOne(storage: Storage, worker: WorkerIntroduction): Promise<Lease> {
  const [lease] = await storage.claimTasks(claimBy(worker, { max: 1 }))
  if (!lease) throw new Error(`Expected a task for worker ${worker.id} to claim`)
  return lease
}

export async function settle(
  storage: Storage,
  { taskId, leaseId }: Pick<Lease, 'taskId' | 'leaseId'>,
  verdict: Verdict,
): Promise<SettlementResult | undefined> {
  const [result] = await storage.settleTasks([{ taskId, leaseId, verdict }])
  return result
}

/** Brings a new task into a state, by the storage's own verbs where they lead there. The lease is that of its last attempt. */
export async function taskInState(
  { storage, db }: { readonly storage: Storage; readonly db: Database },
  state: TaskState,
  given: Partial<NewTask> = {},
): Promise<{ readonly task: NewTask; readonly lease: Lease | undefined }> {
  switch (state) {
    case 'scheduled':
      return { task: await submitTask(storage, { delayMs: 3_600_000, ...given }), lease: undefined }
    case 'queued':
      return { task: await submitTask(storage, given), lease: undefined }
    case 'blocked':
    case 'waiting': {
      // The verbs that lead there belong to workflows.
      const task = await submitTask(storage, given)
      await script(db, `update task set state = '${state}', queued_at = null where id = '${task.id}'`)
      return { task, lease: undefined }
    }
    case 'cancelled': {
      const task = await submitTask(storage, given)
      await storage.cancelTask(task.id, { project: task.project, actor: 'key:test' }, null)
      return { task, lease: undefined }
    }
    default: {
      const { task, lease } = await startTask(storage, given)
      const verb = ({ running: undefined, retrying: 'retry', succeeded: 'complete', failed: 'fail' } as const)[state]
      if (verb) await settle(storage, lease, VERDICTS[verb])
      return { task, lease }
    }
  }
}

const LONG_PAGE = { limit: 1_000 }

/** All attempts of a task, oldest first. */
export async function attemptsOf(storage: Pick<Storage, 'listAttempts'>, id: TaskId): Promise<Attempt[]> {
  return (await storage.listAttempts(PROJECT, id, LONG_PAGE)) ?? []
}

/** The whole history of a task, oldest first. */
export async function eventsOf(storage: Pick<Storage, 'listEvents'>, id: TaskId): Promise<TaskEvent[]> {
  const events = (await storage.listEvents(PROJECT, id, LONG_PAGE)) ?? []
  return events.map(({ cursor: _, ...event }) => event)
}

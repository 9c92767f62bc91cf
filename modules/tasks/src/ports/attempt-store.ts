import type { Verdict } from '../domain/attempt-outcome.ts'
import type { RetryPolicy } from '../domain/retry-policy.ts'
import type { LeaseId, LogLine, TaskId, Timeouts, WorkerId } from '../domain/task.ts'
import type { TaskOptions } from '../domain/task-options.ts'

export interface ClaimRequest {
  /** A UUIDv7 of this claim alone: its leases are named after it. */
  readonly claimId: string
  readonly workerId: WorkerId
  readonly queues: readonly string[]
  readonly types: readonly string[]
  readonly max: number
  /**
   * The number of attempts of those types that have one of their own. It applies to a task that has the general default,
   * because neither its caller nor what workers had announced gave it another. As JSON, or absent if there is none.
   */
  readonly maxAttempts?: string
  /** Only those of these that may be claimed; absent for whatever waits. */
  readonly ids?: readonly TaskId[]
  /** Serves the queues in the order given, each by rank; otherwise the smallest rank goes first over all of them. Means nothing with ids. */
  readonly isDrawn?: boolean
}

/** A claimed task: what an attempt needs, and the lease that its end must present. */
export interface Lease {
  readonly taskId: TaskId
  readonly leaseId: LeaseId
  readonly project: string
  readonly type: string
  readonly queue: string
  /** JSON text. */
  readonly payload: string
  readonly attempt: number
  readonly maxAttempts: number
  readonly crashCount: number
  readonly retry: RetryPolicy | null
  readonly timeouts: Timeouts | null
  /** Until the end of schedule-to-close, in milliseconds from the claim; null for no limit. */
  readonly closeInMs: number | null
  readonly labels: Readonly<Record<string, string>>
  readonly options: TaskOptions | null
  readonly createdAt: Date
  /** From ready to claimed, in milliseconds. */
  readonly waitedMs: number
}

/** A lease as storage knows it. */
export type HeldLease = Pick<Lease, 'taskId' | 'leaseId'>

export interface Settlement {
  readonly taskId: TaskId
  readonly leaseId: LeaseId
  readonly verdict: Verdict
}

/**
 * `settled`: the verdict was applied. `cancelled`: cancellation had been requested, so a retry, snooze, release or rescue
 * ended the task instead. `stale`: the lease was lost and nothing was written (P3).
 */
export type SettlementResult = 'settled' | 'cancelled' | 'stale'

/** A log line, which is stored once however often it is sent. */
export interface NewLogLine extends LogLine {
  /**
   * A UUIDv7 that the sender makes: log lines are read in the order of their ids, and one id is stored once. Greater than
   * the ids of the earlier lines of the task, so that a reader who continues behind a line misses none.
   */
  readonly id: string
  readonly project: string
  readonly taskId: TaskId
}

export interface ProgressUpdate extends HeldLease {
  /** A UUIDv7 that the sender makes: updates that are stored at the same moment are in the order of their ids. */
  readonly id: string
  readonly percent: number
  readonly message: string | null
}

/** Attempts of tasks, as workers drive them. */
export interface AttemptStore {
  /**
   * Returns the smallest rank first; nothing if no task is queued, or if the worker is lost or has a request to cordon or
   * drain. A claim by ids throws WORKER_STATE_CONFLICT if the worker may claim nothing: the worker then releases the
   * dispatches to the broker and does not acknowledge them.
   */
  claimTasks(request: ClaimRequest): Promise<Lease[]>
  /** Lists the leases that this worker holds according to the database. */
  listHeldLeases(workerId: WorkerId): Promise<HeldLease[]>
  /** One result for each, in their order. Gathers with other calls; the settlements of one call share a statement. */
  settleTasks(settlements: readonly Settlement[]): Promise<readonly SettlementResult[]>
  /** Returns the greatest id of all log lines of these tasks; undefined if there is none. */
  findLastLog(taskIds: readonly TaskId[]): Promise<string | undefined>
  /** Lines of deleted tasks are never read, and retention deletes them. */
  appendLogs(lines: readonly NewLogLine[]): Promise<void>
  recordProgress(updates: readonly ProgressUpdate[]): Promise<void>
}

import type { Priority } from './priority.ts'
import type { RetryPolicy } from './retry-policy.ts'
import type { TaskState } from './task-state.ts'

/** UUIDv7, so that ids sort by creation time. */
export type TaskId = string & { readonly __brand: 'TaskId' }
/** One incarnation of a worker: a new id each time its process starts. */
export type WorkerId = string & { readonly __brand: 'WorkerId' }
/** One claim of one task. Every write that leaves `running` presents it. */
export type LeaseId = string & { readonly __brand: 'LeaseId' }

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Names as in Temporal. All in milliseconds; absent means no limit. */
export interface Timeouts {
  /** From due to the first start. */
  readonly scheduleToStartMs?: number
  /** One attempt, from start to end. */
  readonly startToCloseMs?: number
  /** From due to the end, over all attempts. */
  readonly scheduleToCloseMs?: number
  /** Between two heartbeats of the handler. */
  readonly heartbeatMs?: number
}

/**
 * Why a task, or an attempt, came to no good end.
 * `retryable` and `crashed` are an attempt's alone: another one follows. `crashed` means that its worker died or its runner ended.
 */
export const FAILURE_REASONS = [
  'retryable',
  'exhausted',
  'notRetryable',
  'timedOut',
  'expired',
  'cancelled',
  'crashed',
  'quarantined',
] as const

export type FailureReason = (typeof FAILURE_REASONS)[number]

/** The failure of a task or of an attempt. The name is that of the error that a handler threw, or one of `FAILURES`. */
export interface TaskFailure<Reason extends FailureReason = FailureReason> {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly reason: Reason
}

export interface Progress {
  /** 0 to 100. */
  readonly percent: number
  readonly message?: string
  readonly at: Date
}

/** What a caller asked for, complete: every default applied, checked, not yet stored. */
export interface NewTask {
  readonly id: TaskId
  readonly project: string
  readonly type: string
  readonly queue: string
  readonly priority: Priority
  /** JSON text, as it will be stored and handed to the handler. */
  readonly payload: string
  /** Not before this moment; null for at once. */
  readonly runAt: Date | null
  /** Not before this long after storing; null for at once. At most one of runAt and delayMs is given. */
  readonly delayMs: number | null
  readonly maxAttempts: number
  readonly retry: RetryPolicy | null
  readonly timeouts: Timeouts | null
  readonly retentionMs: number | null
  readonly labels: Readonly<Record<string, string>> | null
  readonly title: string | null
  readonly description: string | null
  readonly createdBy: string
}

export interface Task {
  readonly id: TaskId
  readonly project: string
  readonly type: string
  readonly queue: string
  readonly state: TaskState
  readonly priority: Priority
  /** JSON text. */
  readonly payload: string
  /** JSON text; null until the task succeeded. */
  readonly result: string | null
  /** Of the last attempt that failed; kept while the task is retrying or queued again. */
  readonly error: TaskFailure | null
  readonly attempt: number
  readonly maxAttempts: number
  readonly crashCount: number
  readonly retry: RetryPolicy | null
  readonly timeouts: Timeouts | null
  readonly retentionMs: number | null
  readonly labels: Readonly<Record<string, string>>
  readonly title: string | null
  readonly description: string | null
  readonly runAt: Date | null
  readonly createdAt: Date
  readonly createdBy: string
  readonly queuedAt: Date | null
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  readonly cancelRequestedAt: Date | null
  readonly workerId: WorkerId | null
  readonly progress: Progress | null
  /** Changes with every write to the row. Compared, never interpreted. */
  readonly version: string
}

/** How an attempt ended. `succeeded`, `failed` and `cancelled` end the task too, unless it is redriven. */
export const ATTEMPT_OUTCOMES = [
  'running',
  'succeeded',
  'failed',
  'timedOut',
  'cancelled',
  'snoozed',
  'released',
  'rescued',
] as const

export type AttemptOutcomeName = (typeof ATTEMPT_OUTCOMES)[number]

export interface Attempt {
  readonly id: LeaseId
  readonly attempt: number
  readonly workerId: WorkerId
  readonly startedAt: Date
  /** Null while it runs. */
  readonly endedAt: Date | null
  readonly outcome: AttemptOutcomeName
  readonly error: TaskFailure | null
}

export interface LogLine {
  readonly attempt: number
  readonly at: Date
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  /** JSON text of what was logged beside the message. */
  readonly fields: string | null
}

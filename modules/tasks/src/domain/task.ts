import type { Priority } from './priority.ts'
import type { RetryPolicy } from './retry-policy.ts'
import type { TaskOptions } from './task-options.ts'
import type { TaskState } from './task-state.ts'
import type { Timeouts } from './timeouts.ts'

export type { Timeouts } from './timeouts.ts'

/** A UUIDv7, so that ids sort by creation time. */
export type TaskId = string & { readonly __brand: 'TaskId' }
/** The id of a worker; each start of its process gets a new one. */
export type WorkerId = string & { readonly __brand: 'WorkerId' }
/** The id of one claim of one task. Every write that ends the attempt must name it. */
export type LeaseId = string & { readonly __brand: 'LeaseId' }

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * The reasons for which a task or an attempt failed. `retryable` and `crashed` occur only in attempts: another attempt
 * follows. `crashed` means that the worker was lost or the runner ended.
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

/** The last progress that the handler of a task reported. */
export interface Progress {
  /** A number from 0 to 100. */
  readonly percent: number
  readonly message?: string
  readonly at: Date
}

/** A complete submission: checked, with every default applied, and not stored yet. */
export interface NewTask {
  readonly id: TaskId
  readonly project: string
  readonly type: string
  readonly queue: string
  readonly priority: Priority
  /** JSON text, which is stored and passed to the handler unchanged. */
  readonly payload: string
  /** The task is due at this moment; null for at once. */
  readonly runAt: Date | null
  /** The task is due this long after it was stored; null for at once. At most one of `runAt` and `delayMs` is set. */
  readonly delayMs: number | null
  readonly maxAttempts: number
  readonly retry: RetryPolicy | null
  readonly timeouts: Timeouts | null
  readonly retentionMs: number | null
  readonly labels: Readonly<Record<string, string>> | null
  readonly title: string | null
  readonly description: string | null
  /** Rarely used options; null where none is used. */
  readonly options: TaskOptions | null
  /** Whether the end of the task leaves a notice for each consumer of the end port. */
  readonly linked: boolean
  /** The gate at which the task waits from the start: no claim sees it before the gate opens. Null for none. */
  readonly waitingGate: string | null
  readonly createdBy: string
}

/** A task as storage knows it. */
export interface Task {
  readonly id: TaskId
  readonly project: string
  readonly type: string
  readonly queue: string
  readonly state: TaskState
  readonly priority: Priority
  /** JSON text. */
  readonly payload: string
  /** JSON text; null unless the task has succeeded. */
  readonly result: string | null
  /** The failure of the task, or of its last failed attempt while the task is unfinished. */
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
  readonly options: TaskOptions | null
  readonly runAt: Date | null
  readonly createdAt: Date
  readonly createdBy: string
  readonly queuedAt: Date | null
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  readonly cancelRequestedAt: Date | null
  readonly workerId: WorkerId | null
  readonly progress: Progress | null
  /** Changes with every write to the row. Callers only compare versions. */
  readonly version: string
}

/** The outcomes of attempts. `ATTEMPT_ENDS` says what each of them means for the task. */
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

/** One run of a task. */
export interface Attempt {
  readonly id: LeaseId
  readonly attempt: number
  readonly workerId: WorkerId
  readonly startedAt: Date
  /** Null while the attempt runs. */
  readonly endedAt: Date | null
  readonly outcome: AttemptOutcomeName
  readonly error: TaskFailure | null
}

/** A line that a handler logged. */
export interface LogLine {
  readonly attempt: number
  readonly at: Date
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  /** The fields that were logged with the message, as JSON text. */
  readonly fields: string | null
}

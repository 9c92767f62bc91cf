import type { AttemptError } from './attempt-outcome.ts'
import type { FailureReason, TaskFailure } from './task.ts'

/**
 * The failures that TaskFlow itself writes into the `error` of a task or of an attempt. Callers branch on their names, so
 * a name never changes its meaning. All other names are those of errors that handlers threw. docs/reference/failures.md
 * is generated from these descriptions.
 */

interface FailureDescription {
  /** The reasons that occur together with the name. */
  readonly reasons: readonly FailureReason[]
  /** One sentence that says what happened. */
  readonly meaning: string
  /** One sentence that says what to do. */
  readonly hint: string
}

// A task that is cancelled while it waits for another attempt keeps the name of its last failure, so a failure that does
// not fail the task also occurs with the reason `cancelled`.
export const FAILURES = {
  Cancelled: {
    reasons: ['cancelled'],
    meaning: 'A caller cancelled the task before an attempt started, or while an attempt ran that did not succeed.',
    hint: 'Redrive the task if it should run after all.',
  },
  Expired: {
    reasons: ['expired'],
    meaning: 'The task was waiting when its `scheduleToStartMs` or `scheduleToCloseMs` ended.',
    hint: 'Add workers or slots for its queue, or extend the timeout, and redrive the task if it is still needed.',
  },
  TimedOut: {
    reasons: ['timedOut', 'cancelled'],
    meaning: 'An attempt exceeded the timeout that the message names.',
    hint: 'Extend the timeout, make the handler faster, or call `heartbeat` more often.',
  },
  WorkerLost: {
    reasons: ['crashed', 'quarantined', 'cancelled'],
    meaning: 'The worker that ran the attempt stopped sending heartbeats.',
    hint: 'Check the memory and the network of the machine of that worker; find the cause before you redrive a quarantined task.',
  },
  RunnerCrashed: {
    reasons: ['crashed', 'quarantined', 'cancelled'],
    meaning: 'The thread or process that ran the attempt ended or did not start.',
    hint: 'Look for exits and for memory exhaustion in the handlers; find the cause before you redrive a quarantined task.',
  },
  InvalidInput: {
    reasons: ['notRetryable'],
    meaning: 'The payload does not match the schema of the task type.',
    hint: 'Redrive the task with a payload that matches the schema.',
  },
  InvalidResult: {
    reasons: ['notRetryable'],
    meaning: 'The handler returned a value that cannot be stored as JSON, or that is larger than 1 MiB.',
    hint: 'Return a small JSON value; store large data elsewhere and return its location.',
  },
  OutcomeRefused: {
    reasons: ['notRetryable'],
    meaning: 'The database rejected the outcome of the attempt for the reason in the message.',
    hint: 'Report the message as a bug of TaskFlow, and redrive the task only if its handler may run again.',
  },
  NonError: {
    reasons: ['retryable', 'exhausted', 'cancelled'],
    meaning: 'The handler threw a value that is not an error; the message shows the value.',
    hint: 'Throw instances of `Error`, which have a name and a stack.',
  },
  Error: {
    reasons: ['retryable', 'exhausted', 'cancelled'],
    meaning: 'The handler threw an `Error`, or a value whose properties could not be read.',
    hint: 'Read the message and the stack.',
  },
} as const satisfies Record<string, FailureDescription>

export type FailureName = keyof typeof FAILURES

/** The reasons with which a worker aborts the AbortSignal of an attempt, by `signal.reason.name`. */
export const ABORT_REASONS = {
  TimedOut: {
    meaning: 'The attempt exceeded a timeout.',
    hint: 'Stop and throw: the task is retried while attempts remain.',
  },
  Cancelled: {
    meaning: 'A caller cancelled the task.',
    hint: 'Stop and throw: the task ends as cancelled, unless the handler returns a result.',
  },
  Draining: {
    meaning: 'The worker stops or drains.',
    hint: 'Stop and throw: another worker runs the task, and the attempt does not count.',
  },
  LeaseLost: {
    meaning: 'The worker was marked lost, so the task belongs to another attempt.',
    hint: 'Stop at once and write nothing more: TaskFlow ignores the outcome.',
  },
  Adrift: {
    meaning: 'An error outside of the promise of the handler ended the attempt.',
    hint: 'Stop: TaskFlow ignores the outcome; await every promise that the handler starts.',
  },
} as const satisfies Record<string, Omit<FailureDescription, 'reasons'>>

export type AbortReasonName = keyof typeof ABORT_REASONS

/** Creates an error that TaskFlow reports for an attempt, or with which a worker aborts an attempt. */
export function attemptError(name: FailureName | AbortReasonName, message: string): AttemptError {
  return { name, message }
}

/** Creates a failure that TaskFlow writes without `judge`. */
export function taskFailure<Name extends FailureName, Reason extends (typeof FAILURES)[Name]['reasons'][number]>(
  name: Name,
  message: string,
  reason: Reason,
): TaskFailure<Reason> {
  return { name, message, reason }
}

import type { AttemptOutcomeName, FailureReason } from './task.ts'
import { type FinishedState, isFinished, type TaskState, type TaskVerb, TRANSITIONS } from './task-state.ts'

/**
 * The ways in which an attempt ends, and what each of them means for its task.
 *
 * No other code repeats this table. `judge` chooses a row, settlement applies the row, and lists of attempts, histories
 * and invariants read the stored data back by the same rows. Statements receive `OUTCOME_BY_REASON` as a parameter.
 */
interface Row {
  /** The verb that storage applies to the running task; `TRANSITIONS` gives the state that follows. */
  readonly verb: TaskVerb
  /** The reason of the failure, or null if the attempt did not fail. */
  readonly reason: FailureReason | null
  /** The outcome that lists of attempts show. */
  readonly outcome: Exclude<AttemptOutcomeName, 'running'>
  /** The event that the history of the task shows for an attempt with a record of its own. */
  readonly event: `task.${string}`
  /** The number of attempts that the end uses. */
  readonly attempts: 0 | 1
  /** The number of crashes that the end counts. */
  readonly crashes: 0 | 1
}

/**
 * The order matters where two ends share an outcome: a record without a known reason is read as the first of them.
 *
 * An attempt that ends its task has a record only after a redrive. The records of `timedOut` and `lastTimeout` are
 * equal, so both have the same event.
 */
export const ATTEMPT_ENDS = {
  succeeded: { verb: 'complete', reason: null, outcome: 'succeeded', event: 'task.succeeded', attempts: 1, crashes: 0 },
  retried: { verb: 'retry', reason: 'retryable', outcome: 'failed', event: 'task.retried', attempts: 1, crashes: 0 },
  timedOut: { verb: 'retry', reason: 'timedOut', outcome: 'timedOut', event: 'task.timedOut', attempts: 1, crashes: 0 },
  snoozed: { verb: 'snooze', reason: null, outcome: 'snoozed', event: 'task.snoozed', attempts: 0, crashes: 0 },
  released: { verb: 'release', reason: null, outcome: 'released', event: 'task.released', attempts: 0, crashes: 0 },
  rescued: { verb: 'rescue', reason: 'crashed', outcome: 'rescued', event: 'task.rescued', attempts: 0, crashes: 1 },
  exhausted: { verb: 'fail', reason: 'exhausted', outcome: 'failed', event: 'task.failed', attempts: 1, crashes: 0 },
  notRetryable: {
    verb: 'fail',
    reason: 'notRetryable',
    outcome: 'failed',
    event: 'task.failed',
    attempts: 1,
    crashes: 0,
  },
  lastTimeout: {
    verb: 'fail',
    reason: 'timedOut',
    outcome: 'timedOut',
    event: 'task.timedOut',
    attempts: 1,
    crashes: 0,
  },
  quarantined: {
    verb: 'fail',
    reason: 'quarantined',
    outcome: 'rescued',
    event: 'task.failed',
    attempts: 1,
    crashes: 1,
  },
  cancelled: {
    verb: 'cancel',
    reason: 'cancelled',
    outcome: 'cancelled',
    event: 'task.cancelled',
    attempts: 1,
    crashes: 0,
  },
} as const satisfies Record<string, Row>

export type AttemptEndName = keyof typeof ATTEMPT_ENDS

export type AttemptEnd = (typeof ATTEMPT_ENDS)[AttemptEndName]

const ALL: readonly AttemptEnd[] = Object.values(ATTEMPT_ENDS)

/** Returns the state of the task after the end. */
export function stateAfter({ verb }: AttemptEnd): TaskState {
  return TRANSITIONS[verb].to
}

/** Returns whether the end finishes the task; otherwise the task is requeued. */
export function finishesTask(end: AttemptEnd): boolean {
  return isFinished(stateAfter(end))
}

/**
 * The outcome of the attempt that finished a task, by the reason of the task's failure. For reasons that are not in here
 * the outcome is the state of the task.
 */
export const OUTCOME_BY_REASON: Readonly<Partial<Record<FailureReason, AttemptOutcomeName>>> = Object.fromEntries(
  ALL.filter((end) => finishesTask(end) && end.outcome !== stateAfter(end)).map(({ reason, outcome }) => [
    reason,
    outcome,
  ]),
)

/** Returns the outcome of the attempt that finished a task. */
export function outcomeOfLast(state: FinishedState, reason: FailureReason | undefined): AttemptOutcomeName {
  return (reason && OUTCOME_BY_REASON[reason]) ?? state
}

/** Returns the event that the history shows for the record of an attempt. */
export function eventOfRecord(outcome: AttemptEnd['outcome'], reason: FailureReason | undefined): AttemptEnd['event'] {
  const ends = ALL.filter((end) => end.outcome === outcome)
  const end = ends.find((each) => each.reason === reason) ?? (ends[0] as AttemptEnd)
  return end.event
}

import type { AttemptError, AttemptOutcome } from '@taskflow/tasks'
import type { HeldAttempt } from './held-attempt.ts'

/**
 * Why and how an attempt is stopped. First its AbortSignal aborts with the
 * reason; what has not ended by `forceAt` is ended by force, where that is possible.
 */
export interface Stop {
  readonly cause: 'timedOut' | 'cancelled' | 'draining'
  readonly reason: AttemptError
  /** The sign of life asked of the runner together with the abort: a loop that gives it is not blocked. */
  readonly ping: number
  /** Infinite for a request that only a deadline of the attempt bounds. */
  readonly forceAt: number
}

interface Deadline {
  readonly at: number
  readonly message: string
}

const NEVER: Deadline = { at: Number.POSITIVE_INFINITY, message: '' }

/** The first of the attempt's deadlines to come, as things stand. */
export function deadlineOf(attempt: HeldAttempt): Deadline {
  const { heartbeatMs, beatAt } = attempt
  const silent: Deadline =
    heartbeatMs === undefined
      ? NEVER
      : { at: beatAt + heartbeatMs, message: `No heartbeat came for ${heartbeatMs} ms (timeouts.heartbeatMs)` }
  const fixed = fixedDeadlineOf(attempt)
  return silent.at < fixed.at ? silent : fixed
}

/** The deadline that no heartbeat moves. */
function fixedDeadlineOf({ startToCloseMs, startedAt, closeAt }: HeldAttempt): Deadline {
  const startToClose: Deadline =
    startToCloseMs === undefined
      ? NEVER
      : {
          at: startedAt + startToCloseMs,
          message: `The attempt did not end within ${startToCloseMs} ms (timeouts.startToCloseMs)`,
        }
  if (startToClose.at <= closeAt) return startToClose
  return { at: closeAt, message: 'The task did not end within its time (timeouts.scheduleToCloseMs)' }
}

export const hasDeadline = ({ startToCloseMs, heartbeatMs, closeAt }: HeldAttempt): boolean =>
  startToCloseMs !== undefined || heartbeatMs !== undefined || closeAt !== Number.POSITIVE_INFINITY

/** What an attempt ends as when it had to be stopped by force. */
export function forcedOutcome({ cause, reason }: Stop): AttemptOutcome {
  return cause === 'draining' ? { kind: 'released' } : { kind: cause, error: reason }
}

/**
 * What an attempt ends as, given what its runner reports and whether it was told to stop.
 * A handler that succeeds in spite of the stop has succeeded; one that throws has obeyed.
 */
export function outcomeUnder(stop: Stop | undefined, reported: AttemptOutcome): AttemptOutcome {
  if (!stop || reported.kind === 'succeeded') return reported
  if (stop.cause !== 'cancelled' && reported.kind === 'snoozed') return reported
  if (stop.cause === 'draining' && reported.kind === 'crashed') return reported
  return forcedOutcome(stop)
}

import type { AttemptError, AttemptOutcome } from '@taskflow/tasks'

/**
 * Why and how an attempt is stopped. First its AbortSignal aborts with the reason; an attempt that has not ended by
 * `forceAt` is ended by force.
 */
export interface Stop {
  readonly cause: 'timedOut' | 'cancelled' | 'draining'
  readonly reason: AttemptError
  /** The ping that was sent to the runner together with the abort: a loop that has answered the ping is not blocked. */
  readonly ping: number
  /** Infinite for a request that only a deadline of the attempt bounds. */
  readonly forceAt: number
}

/** The outcome of an attempt that was stopped by force. */
export function forcedOutcome({ cause, reason }: Stop): AttemptOutcome {
  return cause === 'draining' ? { kind: 'released' } : { kind: cause, error: reason }
}

/**
 * The outcome of an attempt, given the outcome that its runner reports and the stop, if it was stopped. A handler that
 * succeeds in spite of the stop has succeeded; a handler that throws has obeyed the stop.
 */
export function outcomeUnder(stop: Stop | undefined, reported: AttemptOutcome): AttemptOutcome {
  if (!stop || reported.kind === 'succeeded') return reported
  if (stop.cause !== 'cancelled' && reported.kind === 'snoozed') return reported
  if (stop.cause === 'draining' && reported.kind === 'crashed') return reported
  return forcedOutcome(stop)
}

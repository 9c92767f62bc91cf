import type { AttemptError, AttemptOutcome } from '@taskflow/tasks'

/**
 * Why and how an attempt is stopped. First its AbortSignal aborts with the reason; force is used on an attempt that has
 * not ended by `forceAt`.
 */
export interface Stop {
  readonly cause: 'timedOut' | 'cancelled' | 'draining'
  readonly reason: AttemptError
  /** The ping that was sent to the runner together with the abort: a loop that has answered the ping is not blocked. */
  readonly ping: number
  /** The moment at which force is used, and again after each grace for as long as the attempt goes on. */
  readonly forceAt: number
  /**
   * Whether the force may abandon a handler of the shared runner whose loop answers. Not after a mere cancel: only a
   * deadline of the attempt, or a drain, ends an attempt whose handler goes on.
   */
  readonly mayAbandon: boolean
  /** Whether force was used before, and the attempt went on. */
  readonly isRenewed: boolean
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

import { nextDelayMs, type RetryPolicy } from './retry-policy.ts'
import type { TaskFailure } from './task.ts'

/** An error as a handler threw it. */
export interface AttemptError {
  readonly name: string
  readonly message: string
  readonly stack?: string
}

/** What became of one attempt, as the worker saw it. JSON values travel as text, so that nothing parses them twice. */
export type AttemptOutcome =
  | { readonly kind: 'succeeded'; readonly result: string }
  | { readonly kind: 'failed'; readonly error: AttemptError; readonly retryable: boolean }
  | { readonly kind: 'timedOut'; readonly error: AttemptError }
  | { readonly kind: 'snoozed'; readonly delayMs: number }
  | { readonly kind: 'cancelled'; readonly error: AttemptError }
  | { readonly kind: 'released' }
  | { readonly kind: 'crashed'; readonly error: AttemptError }

/**
 * The one verb that storage must now apply to a running task, with everything it needs.
 * `endedAs` names the outcome in the attempt's own row.
 */
export type Verdict =
  | { readonly verb: 'complete'; readonly result: string }
  | { readonly verb: 'fail'; readonly error: TaskFailure }
  | { readonly verb: 'cancel'; readonly error: TaskFailure }
  | { readonly verb: 'retry'; readonly error: TaskFailure; readonly delayMs: number }
  | { readonly verb: 'snooze'; readonly delayMs: number }
  | { readonly verb: 'release' }
  | { readonly verb: 'rescue'; readonly error: TaskFailure }

export interface AttemptContext {
  /** From 1. */
  readonly attempt: number
  readonly maxAttempts: number
  readonly policy: RetryPolicy
  /** How often a worker died with this task in its hands, before this attempt. */
  readonly crashCount: number
  readonly random: () => number
}

/** A task that was running in this many worker deaths is quarantined: it is the likely cause (P11). */
export const CRASH_LIMIT = 3

/** Ten years: no delay is longer, whoever asked for it. What lies much further off is beyond JavaScript's dates. */
export const MAX_DELAY_MS = 315_360_000_000

/** Decides what becomes of a task after an attempt. Pure: no clock, no I/O. */
export function judge(outcome: AttemptOutcome, context: AttemptContext): Verdict {
  switch (outcome.kind) {
    case 'succeeded':
      return { verb: 'complete', result: outcome.result }
    case 'snoozed':
      return { verb: 'snooze', delayMs: Math.min(outcome.delayMs, MAX_DELAY_MS) }
    case 'released':
      return { verb: 'release' }
    case 'cancelled':
      return { verb: 'cancel', error: { ...outcome.error, reason: 'cancelled' } }
    case 'crashed':
      return judgeCrash(outcome.error, context)
    case 'timedOut': {
      const error: TaskFailure = { ...outcome.error, reason: 'timedOut' }
      return canRetry(context) ? retry(error, context) : { verb: 'fail', error }
    }
    case 'failed':
      if (!outcome.retryable) return { verb: 'fail', error: { ...outcome.error, reason: 'notRetryable' } }
      if (canRetry(context)) return retry({ ...outcome.error, reason: 'retryable' }, context)
      return { verb: 'fail', error: { ...outcome.error, reason: 'exhausted' } }
    default:
      return assertNever(outcome)
  }
}

const canRetry = ({ attempt, maxAttempts }: AttemptContext): boolean => attempt < maxAttempts

function retry(error: TaskFailure, { attempt, policy, random }: AttemptContext): Verdict {
  return { verb: 'retry', error, delayMs: Math.min(nextDelayMs(policy, attempt, random), MAX_DELAY_MS) }
}

function judgeCrash(error: AttemptError, { crashCount }: AttemptContext): Verdict {
  if (crashCount + 1 < CRASH_LIMIT) return { verb: 'rescue', error: { ...error, reason: 'crashed' } }
  return { verb: 'fail', error: { ...error, reason: 'quarantined' } }
}

export function assertNever(value: never): never {
  throw new TypeError(`Unhandled variant: ${JSON.stringify(value)}`)
}

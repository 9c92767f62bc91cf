import { ATTEMPT_ENDS, type AttemptEnd } from './attempt-ends.ts'
import { nextDelayMs, type RetryPolicy } from './retry-policy.ts'
import type { FailureReason, TaskFailure } from './task.ts'

/** An error as a handler threw it, or as TaskFlow reports it (`failures.ts`). */
export interface AttemptError {
  readonly name: string
  readonly message: string
  readonly stack?: string
}

/** The outcome of one attempt, as its worker saw it. A result travels as JSON text, so that it is parsed only once. */
export type AttemptOutcome =
  | { readonly kind: 'succeeded'; readonly result: string }
  | { readonly kind: 'failed'; readonly error: AttemptError; readonly retryable: boolean }
  | { readonly kind: 'timedOut'; readonly error: AttemptError }
  | { readonly kind: 'snoozed'; readonly delayMs: number }
  | { readonly kind: 'cancelled'; readonly error: AttemptError }
  | { readonly kind: 'released' }
  | { readonly kind: 'crashed'; readonly error: AttemptError }

type EndBy<Verb extends AttemptEnd['verb']> = Extract<AttemptEnd, { readonly verb: Verb }>

type FailureBy<Verb extends AttemptEnd['verb']> = TaskFailure<Extract<EndBy<Verb>['reason'], FailureReason>>

/** The verb that storage must apply to a running task, with everything that the verb needs. */
export type Verdict =
  | { readonly verb: 'complete'; readonly result: string }
  | { readonly verb: 'fail'; readonly error: FailureBy<'fail'> }
  | { readonly verb: 'cancel'; readonly error: FailureBy<'cancel'> }
  | { readonly verb: 'retry'; readonly error: FailureBy<'retry'>; readonly delayMs: number }
  | { readonly verb: 'snooze'; readonly delayMs: number }
  | { readonly verb: 'release' }
  | { readonly verb: 'rescue'; readonly error: FailureBy<'rescue'> }

/** What `judge` must know of the task besides the outcome. */
export interface AttemptContext {
  /** The number of the attempt, from 1. */
  readonly attempt: number
  readonly maxAttempts: number
  readonly policy: RetryPolicy
  /** The number of crashes of workers and runners during earlier attempts of the task. */
  readonly crashCount: number
  readonly random: () => number
}

/** A task that was running in this many crashes is quarantined, because the task is their likely cause (P11). */
export const CRASH_LIMIT = 3

/** The longest delay of a retry or a snooze: ten years. Much longer delays exceed the range of JavaScript's dates. */
export const MAX_DELAY_MS = 315_360_000_000

/** Decides what happens to a task after an attempt. Reads no clock and does no I/O. */
export function judge(outcome: AttemptOutcome, context: AttemptContext): Verdict {
  switch (outcome.kind) {
    case 'succeeded':
      return { verb: ATTEMPT_ENDS.succeeded.verb, result: outcome.result }
    case 'snoozed':
      return { verb: ATTEMPT_ENDS.snoozed.verb, delayMs: Math.min(outcome.delayMs, MAX_DELAY_MS) }
    case 'released':
      return { verb: ATTEMPT_ENDS.released.verb }
    case 'cancelled':
      return failed(ATTEMPT_ENDS.cancelled, outcome.error)
    case 'crashed':
      return failed(isLastCrash(context) ? ATTEMPT_ENDS.quarantined : ATTEMPT_ENDS.rescued, outcome.error)
    case 'timedOut':
      if (canRetry(context)) return retried(ATTEMPT_ENDS.timedOut, outcome.error, context)
      return failed(ATTEMPT_ENDS.lastTimeout, outcome.error)
    case 'failed':
      if (!outcome.retryable) return failed(ATTEMPT_ENDS.notRetryable, outcome.error)
      if (canRetry(context)) return retried(ATTEMPT_ENDS.retried, outcome.error, context)
      return failed(ATTEMPT_ENDS.exhausted, outcome.error)
    default:
      return assertNever(outcome)
  }
}

const canRetry = ({ attempt, maxAttempts }: AttemptContext): boolean => attempt < maxAttempts

const isLastCrash = ({ crashCount }: AttemptContext): boolean => crashCount + 1 >= CRASH_LIMIT

function failed({ verb, reason }: EndBy<'fail' | 'cancel' | 'rescue'>, error: AttemptError): Verdict {
  // The verb and the reason are from one row, which the type of a verdict does not express.
  return { verb, error: { ...error, reason } } as Verdict
}

function retried(
  { verb, reason }: EndBy<'retry'>,
  error: AttemptError,
  { attempt, policy, random }: AttemptContext,
): Verdict {
  const delayMs = Math.min(nextDelayMs(policy, attempt, random), MAX_DELAY_MS)
  return { verb, error: { ...error, reason }, delayMs }
}

const ENDS_BY_VERB = Map.groupBy(Object.values(ATTEMPT_ENDS), ({ verb }) => verb)

/** Returns the end of an attempt that a verdict stands for. */
export function endOf(verdict: Verdict): AttemptEnd {
  // Settlement calls this for every task, so the only end of a verb is not searched for.
  const ends = ENDS_BY_VERB.get(verdict.verb) as readonly AttemptEnd[]
  const reason = 'error' in verdict ? verdict.error.reason : null
  const end = ends.length === 1 ? ends[0] : ends.find((each) => each.reason === reason)
  if (!end) throw new TypeError(`No attempt ends with the verb ${verdict.verb} and the reason ${reason}`)
  return end
}

/** Throws for a variant that the code does not handle. The compiler rejects a call that can be reached. */
export function assertNever(value: never): never {
  throw new TypeError(`Unhandled variant: ${JSON.stringify(value)}`)
}

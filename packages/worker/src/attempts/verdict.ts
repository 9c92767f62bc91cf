import { type AttemptOutcome, DEFAULT_RETRY_POLICY, judge, type Verdict } from '@taskflow/tasks'
import type { HeldAttempt } from './held-attempt.ts'

/** The verb that storage must apply after an attempt, by the retry policy of the task, or else of its type. */
export function verdictOf(outcome: AttemptOutcome, attempt: HeldAttempt, now: number, random: () => number): Verdict {
  const { lease, type, closeAt } = attempt
  const verdict = judge(outcome, {
    attempt: lease.attempt,
    maxAttempts: lease.maxAttempts,
    policy: lease.retry ?? type.retry ?? DEFAULT_RETRY_POLICY,
    crashCount: lease.crashCount,
    random,
  })
  return outcome.kind === 'timedOut' && now >= closeAt ? failPastClose(verdict) : verdict
}

/** Fails a task whose schedule-to-close has passed: no time is left for a retry, and `judge` does not know the time. */
function failPastClose(verdict: Verdict): Verdict {
  return verdict.verb === 'retry' ? { verb: 'fail', error: verdict.error } : verdict
}

import { type AttemptOutcome, DEFAULT_RETRY_POLICY, judge, type Verdict } from '@taskflow/tasks'
import type { HeldAttempt } from './held-attempt.ts'

/** What storage must do after an attempt: the domain's verdict, by the task's retry policy, else its type's. */
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

/** Past schedule-to-close there is no time left for the retry that `judge`, which knows no time, would give. */
function failPastClose(verdict: Verdict): Verdict {
  return verdict.verb === 'retry' ? { verb: 'fail', error: verdict.error } : verdict
}

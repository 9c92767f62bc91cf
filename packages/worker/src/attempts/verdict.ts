import { type AttemptOutcome, DEFAULT_RETRY_POLICY, judge, type Verdict } from '@taskflow/tasks'
import type { HeldAttempt } from './held-attempt.ts'

/** Returns the verb that storage must apply after an attempt, by the retry policy of the task, or else of its type. */
export function verdictOf(outcome: AttemptOutcome, attempt: HeldAttempt, now: number, random: () => number): Verdict {
  const { lease, type, closeAt } = attempt
  // `judge` does not know the time: after the schedule-to-close of the task no time is left for another attempt.
  const isLast = outcome.kind === 'timedOut' && now >= closeAt
  return judge(outcome, {
    attempt: lease.attempt,
    maxAttempts: isLast ? lease.attempt : lease.maxAttempts,
    policy: lease.retry ?? type.retry ?? DEFAULT_RETRY_POLICY,
    crashCount: lease.crashCount,
    random,
  })
}

/** How long to wait before the next attempt. Durations in milliseconds. */
export interface RetryPolicy {
  readonly baseMs: number
  readonly factor: number
  readonly maxMs: number
  /** `full` spreads the retries over the whole interval; `none` waits exactly the ceiling. */
  readonly jitter: 'full' | 'none'
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = { baseMs: 1_000, factor: 2, maxMs: 600_000, jitter: 'full' }

/**
 * Exponential backoff, with full jitter unless the policy says otherwise: a random
 * point between zero and the ceiling for this attempt. Full, because a broken
 * dependency fails thousands of tasks in the same second and they must not all
 * return in the same one.
 *
 * The method is "Full Jitter" of Marc Brooker, Exponential Backoff And Jitter, 2015.
 *
 * @param attempt the attempt that failed, from 1
 */
export function nextDelayMs(policy: RetryPolicy, attempt: number, random: () => number): number {
  // Bounded, since a power grown to infinity would make a base of zero NaN.
  const growth = Math.min(policy.factor ** (attempt - 1), Number.MAX_VALUE)
  const ceiling = Math.min(policy.maxMs, policy.baseMs * growth)
  return Math.round(policy.jitter === 'none' ? ceiling : random() * ceiling)
}

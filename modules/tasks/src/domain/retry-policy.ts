/** The delay before the next attempt. Durations are in milliseconds. */
export interface RetryPolicy {
  readonly baseMs: number
  readonly factor: number
  readonly maxMs: number
  /** `full` spreads the retries over the whole interval; `none` waits for exactly the ceiling. */
  readonly jitter: 'full' | 'none'
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = { baseMs: 1_000, factor: 2, maxMs: 600_000, jitter: 'full' }

/**
 * Returns the delay before the next attempt: exponential backoff with full jitter, unless the policy turns the jitter off.
 * Full jitter is a random time between zero and the ceiling of the attempt. A broken dependency fails thousands of tasks
 * in the same second, and these tasks should not all retry in the same second.
 *
 * The method is "Full Jitter" of Marc Brooker, Exponential Backoff And Jitter, 2015.
 *
 * @param attempt the number of the attempt that failed, from 1
 */
export function nextDelayMs(policy: RetryPolicy, attempt: number, random: () => number): number {
  // Bounded, because a base of zero times an infinite power would be NaN.
  const growth = Math.min(policy.factor ** (attempt - 1), Number.MAX_VALUE)
  const ceiling = Math.min(policy.maxMs, policy.baseMs * growth)
  return Math.round(policy.jitter === 'none' ? ceiling : random() * ceiling)
}

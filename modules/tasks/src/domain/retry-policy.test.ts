import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_RETRY_POLICY, nextDelayMs, type RetryPolicy } from './retry-policy.ts'

const policies = fc.record<RetryPolicy>({
  baseMs: fc.nat(3_600_000),
  factor: fc.double({ min: 1, max: 100, noNaN: true }),
  maxMs: fc.nat(86_400_000),
  jitter: fc.constantFrom('full', 'none'),
})
const attempts = fc.integer({ min: 1, max: 2_000 })
const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

const exactly = (policy: RetryPolicy): RetryPolicy => ({ ...policy, jitter: 'none' })

test('the delay is a whole number between zero and the maximum', () => {
  fc.assert(
    fc.property(policies, attempts, chances, (policy, attempt, chance) => {
      const delayMs = nextDelayMs(policy, attempt, () => chance)
      expect(Number.isSafeInteger(delayMs)).toBe(true)
      expect(delayMs).toBeGreaterThanOrEqual(0)
      expect(delayMs).toBeLessThanOrEqual(policy.maxMs)
    }),
  )
})

test('the ceiling never falls from one attempt to the next', () => {
  fc.assert(
    fc.property(policies, attempts, (policy, attempt) => {
      const [now, next] = [attempt, attempt + 1].map((each) => nextDelayMs(exactly(policy), each, Math.random))
      expect(next).toBeGreaterThanOrEqual(now as number)
    }),
  )
})

test('full jitter stays below the ceiling for any random number', () => {
  fc.assert(
    fc.property(policies, attempts, chances, (policy, attempt, chance) => {
      const ceiling = nextDelayMs(exactly(policy), attempt, Math.random)
      expect(nextDelayMs({ ...policy, jitter: 'full' }, attempt, () => chance)).toBeLessThanOrEqual(ceiling)
    }),
  )
})

test('without jitter the delay is exactly the ceiling, and no random number is drawn', () => {
  const policy: RetryPolicy = { baseMs: 100, factor: 3, maxMs: 5_000, jitter: 'none' }
  const refuse = () => expect.unreachable('Chance was asked')
  expect([1, 2, 3, 4, 5].map((attempt) => nextDelayMs(policy, attempt, refuse))).toEqual([100, 300, 900, 2_700, 5_000])
})

test('attempt 1000 waits for the maximum: the power does not overflow', () => {
  expect(nextDelayMs(exactly(DEFAULT_RETRY_POLICY), 1_000, Math.random)).toBe(DEFAULT_RETRY_POLICY.maxMs)
  expect(nextDelayMs({ ...exactly(DEFAULT_RETRY_POLICY), factor: 1e300 }, 1_000, Math.random)).toBe(
    DEFAULT_RETRY_POLICY.maxMs,
  )
})

test('a base of zero means no delay, for any number of attempts', () => {
  expect(nextDelayMs({ ...DEFAULT_RETRY_POLICY, baseMs: 0 }, 2_000, () => 0.9)).toBe(0)
})

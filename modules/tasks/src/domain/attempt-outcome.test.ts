import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AttemptContext,
  type AttemptOutcome,
  assertNever,
  CRASH_LIMIT,
  judge,
  MAX_DELAY_MS,
} from './attempt-outcome.ts'
import { DEFAULT_RETRY_POLICY } from './retry-policy.ts'
import { canTransition, type TaskVerb } from './task-state.ts'

const error = { name: 'TypeError', message: 'It broke', stack: 'at handler' }

const context = (given: Partial<AttemptContext> = {}): AttemptContext => ({
  attempt: 1,
  maxAttempts: 3,
  policy: { ...DEFAULT_RETRY_POLICY, jitter: 'none' },
  crashCount: 0,
  random: () => 0.5,
  ...given,
})

describe('an attempt that did not fail', () => {
  test('completes the task with its result', () => {
    expect(judge({ kind: 'succeeded', result: '{"rows":12}' }, context())).toEqual({
      verb: 'complete',
      result: '{"rows":12}',
    })
  })

  test('snoozes for the requested delay', () => {
    expect(judge({ kind: 'snoozed', delayMs: 250 }, context({ attempt: 3 }))).toEqual({ verb: 'snooze', delayMs: 250 })
  })

  test('is released', () => {
    expect(judge({ kind: 'released' }, context({ attempt: 3 }))).toEqual({ verb: 'release' })
  })

  test('cancels the task if it was stopped by a cancellation', () => {
    expect(judge({ kind: 'cancelled', error }, context())).toEqual({
      verb: 'cancel',
      error: { ...error, reason: 'cancelled' },
    })
  })
})

test.each([8.9e15, Number.MAX_VALUE, Number.POSITIVE_INFINITY])('a delay of %d ms is cut to ten years', (delayMs) => {
  const policy = { baseMs: delayMs, factor: 1, maxMs: delayMs, jitter: 'none' } as const
  expect(judge({ kind: 'snoozed', delayMs }, context())).toEqual({ verb: 'snooze', delayMs: MAX_DELAY_MS })
  expect(judge({ kind: 'failed', error, retryable: true }, context({ policy }))).toMatchObject({
    verb: 'retry',
    delayMs: MAX_DELAY_MS,
  })
})

describe('an attempt that failed', () => {
  test('is retried after the delay of the policy', () => {
    expect(judge({ kind: 'failed', error, retryable: true }, context({ attempt: 2 }))).toEqual({
      verb: 'retry',
      error: { ...error, reason: 'retryable' },
      delayMs: 2_000,
    })
  })

  test('fails the task if it was the last one', () => {
    expect(judge({ kind: 'failed', error, retryable: true }, context({ attempt: 3 }))).toEqual({
      verb: 'fail',
      error: { ...error, reason: 'exhausted' },
    })
  })

  test('fails the task at once if the error is not retryable', () => {
    expect(judge({ kind: 'failed', error, retryable: false }, context())).toEqual({
      verb: 'fail',
      error: { ...error, reason: 'notRetryable' },
    })
  })

  test('fails the task if an edit has lowered the maximum below its number', () => {
    expect(judge({ kind: 'failed', error, retryable: true }, context({ attempt: 3, maxAttempts: 1 })).verb).toBe('fail')
  })
})

describe('an attempt that took too long', () => {
  test('is retried with the reason timedOut', () => {
    expect(judge({ kind: 'timedOut', error }, context())).toEqual({
      verb: 'retry',
      error: { ...error, reason: 'timedOut' },
      delayMs: 1_000,
    })
  })

  test('fails the task if it was the last one', () => {
    expect(judge({ kind: 'timedOut', error }, context({ attempt: 3 }))).toEqual({
      verb: 'fail',
      error: { ...error, reason: 'timedOut' },
    })
  })
})

describe('an attempt that crashed', () => {
  for (let crashCount = 0; crashCount < CRASH_LIMIT - 1; crashCount++) {
    test(`is rescued after ${crashCount} earlier crashes, also if it was the last attempt`, () => {
      expect(judge({ kind: 'crashed', error }, context({ crashCount, attempt: 3 }))).toEqual({
        verb: 'rescue',
        error: { ...error, reason: 'crashed' },
      })
    })
  }

  test('quarantines the task at the limit', () => {
    expect(judge({ kind: 'crashed', error }, context({ crashCount: CRASH_LIMIT - 1 }))).toEqual({
      verb: 'fail',
      error: { ...error, reason: 'quarantined' },
    })
  })
})

describe('any outcome', () => {
  const delayMs = fc.nat()
  const outcome: fc.Arbitrary<AttemptOutcome> = fc.oneof(
    fc.record({ kind: fc.constant('succeeded' as const), result: fc.json() }),
    fc.record({ kind: fc.constant('failed' as const), error: fc.constant(error), retryable: fc.boolean() }),
    fc.record({
      kind: fc.constantFrom('timedOut' as const, 'cancelled' as const, 'crashed' as const),
      error: fc.constant(error),
    }),
    fc.record({ kind: fc.constant('snoozed' as const), delayMs }),
    fc.record({ kind: fc.constant('released' as const) }),
  )
  const anyContext = fc
    .record({
      attempt: fc.integer({ min: 1, max: 100 }),
      maxAttempts: fc.integer({ min: 1, max: 100 }),
      crashCount: fc.nat(5),
    })
    .map((given) => context(given))

  test('leads to a verb that a running task allows', () => {
    fc.assert(
      fc.property(outcome, anyContext, (what, how) => {
        expect(canTransition(judge(what, how).verb satisfies TaskVerb, 'running')).toBe(true)
      }),
    )
  })

  test('is not retried beyond the maximum of attempts, and not rescued beyond the crash limit', () => {
    fc.assert(
      fc.property(outcome, anyContext, (what, how) => {
        const { verb } = judge(what, how)
        if (verb === 'retry') expect(how.attempt).toBeLessThan(how.maxAttempts)
        if (verb === 'rescue') expect(how.crashCount + 1).toBeLessThan(CRASH_LIMIT)
      }),
    )
  })
})

test('an unhandled variant throws an error that names the variant', () => {
  expect(() => assertNever({ kind: 'unknown' } as never)).toThrow(
    new TypeError('Unhandled variant: {"kind":"unknown"}'),
  )
})

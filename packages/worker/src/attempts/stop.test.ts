import type { AttemptOutcome } from '@taskflow/tasks'
import { describe, expect, test } from 'vitest'
import { forcedOutcome, outcomeUnder, type Stop } from './stop.ts'

const ERROR = { name: 'Error', message: 'boom' }
const OUTCOMES = {
  succeeded: { kind: 'succeeded', result: '1' },
  failed: { kind: 'failed', error: ERROR, retryable: true },
  snoozed: { kind: 'snoozed', delayMs: 1 },
  crashed: { kind: 'crashed', error: ERROR },
} as const satisfies Record<string, AttemptOutcome>

const stopFor = (cause: Stop['cause']): Stop => ({
  cause,
  reason: { name: 'Why', message: '' },
  ping: 0,
  forceAt: 0,
  mayAbandon: true,
  isRenewed: false,
})

describe('an attempt that was stopped', () => {
  test.each([
    ['timedOut', 'succeeded', 'succeeded'],
    ['timedOut', 'failed', 'timedOut'],
    ['timedOut', 'snoozed', 'snoozed'],
    ['timedOut', 'crashed', 'timedOut'],
    ['cancelled', 'succeeded', 'succeeded'],
    ['cancelled', 'failed', 'cancelled'],
    ['cancelled', 'snoozed', 'cancelled'],
    ['cancelled', 'crashed', 'cancelled'],
    ['draining', 'succeeded', 'succeeded'],
    ['draining', 'failed', 'released'],
    ['draining', 'snoozed', 'snoozed'],
    ['draining', 'crashed', 'crashed'],
  ] as const)('(%s), whose runner reports %s, ends as %s', (cause, reported, kind) => {
    expect(outcomeUnder(stopFor(cause), OUTCOMES[reported]).kind).toBe(kind)
  })

  test('ends with the reason of the stop, not with the error of its handler', () => {
    expect(outcomeUnder(stopFor('timedOut'), OUTCOMES.failed)).toMatchObject({ error: { name: 'Why' } })
  })

  test('uses no attempt when the worker is draining', () => {
    expect(forcedOutcome(stopFor('draining'))).toEqual({ kind: 'released' })
  })
})

test('an attempt that was not stopped ends as its runner reports', () => {
  for (const outcome of Object.values(OUTCOMES)) expect(outcomeUnder(undefined, outcome)).toBe(outcome)
})

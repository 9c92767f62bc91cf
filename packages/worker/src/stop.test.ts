import type { AttemptOutcome, WorkerId } from '@taskflow/tasks'
import { describe, expect, test } from 'vitest'
import { lease } from '../test/fake-work-store.ts'
import { type HeldAttempt, holdAttempt } from './held-attempt.ts'
import { deadlineOf, forcedOutcome, outcomeUnder, type Stop } from './stop.ts'
import { verdictOf } from './verdict.ts'

const ERROR = { name: 'Error', message: 'boom' }
const OUTCOMES = {
  succeeded: { kind: 'succeeded', result: '1' },
  failed: { kind: 'failed', error: ERROR, retryable: true },
  snoozed: { kind: 'snoozed', delayMs: 1 },
  crashed: { kind: 'crashed', error: ERROR },
} as const satisfies Record<string, AttemptOutcome>

const stopFor = (cause: Stop['cause']): Stop => ({ cause, reason: { name: 'Why', message: '' }, ping: 0, forceAt: 0 })

describe('an attempt that was told to stop', () => {
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
  ] as const)('because it %s and reports that it %s, ends as %s', (cause, reported, kind) => {
    expect(outcomeUnder(stopFor(cause), OUTCOMES[reported]).kind).toBe(kind)
  })

  test('ends with the reason of the stop, not with what its handler made of it', () => {
    expect(outcomeUnder(stopFor('timedOut'), OUTCOMES.failed)).toMatchObject({ error: { name: 'Why' } })
  })

  test('uses no attempt when the worker is draining', () => {
    expect(forcedOutcome(stopFor('draining'))).toEqual({ kind: 'released' })
  })
})

test('an attempt that nobody stopped ends as it reports', () => {
  for (const outcome of Object.values(OUTCOMES)) expect(outcomeUnder(undefined, outcome)).toBe(outcome)
})

function attemptAt(startedAt: number, overrides: Parameters<typeof lease>[2]): HeldAttempt {
  const type = {
    type: 'a',
    queue: null,
    priority: null,
    maxAttempts: null,
    retry: null,
    inputSchema: null,
    isolation: null,
  }
  const timeouts = { startToCloseMs: 500, heartbeatMs: 100 }
  const attempt = holdAttempt(1, lease('a', null, overrides), { ...type, timeouts }, 'w' as WorkerId, startedAt)
  return Object.assign(attempt, { startedAt, beatAt: startedAt })
}

describe('the deadline of an attempt', () => {
  test('is the first of its limits', () => {
    const attempt = attemptAt(1_000, { closeInMs: 300 })
    expect(deadlineOf(attempt)).toMatchObject({ at: 1_100, message: expect.stringContaining('heartbeatMs') })
    attempt.beatAt = 1_290
    expect(deadlineOf(attempt)).toMatchObject({ at: 1_300, message: expect.stringContaining('scheduleToCloseMs') })
  })

  test('of the task comes before that of its type, each by itself', () => {
    const attempt = attemptAt(0, { timeouts: { heartbeatMs: 9_000 } })
    expect(deadlineOf(attempt)).toMatchObject({ at: 500, message: expect.stringContaining('500 ms') })
  })

  test('never comes without limits', () => {
    const attempt = { ...attemptAt(0, {}), startToCloseMs: undefined, heartbeatMs: undefined }
    expect(deadlineOf(attempt).at).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('the verdict on an attempt that timed out', () => {
  const timedOut = { kind: 'timedOut', error: ERROR } as const

  test('is a retry while the task has time left', () => {
    expect(verdictOf(timedOut, attemptAt(0, { closeInMs: 1_000 }), 999, () => 0)).toMatchObject({ verb: 'retry' })
  })

  test('is a failure past schedule-to-close', () => {
    expect(verdictOf(timedOut, attemptAt(0, { closeInMs: 1_000 }), 1_000, () => 0)).toEqual({
      verb: 'fail',
      error: { ...ERROR, reason: 'timedOut' },
    })
  })
})

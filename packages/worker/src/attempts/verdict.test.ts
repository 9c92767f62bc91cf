import { describe, expect, test } from 'vitest'
import { attemptAt } from '../../test/attempt-at.ts'
import { verdictOf } from './verdict.ts'

const ERROR = { name: 'Error', message: 'boom' }

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

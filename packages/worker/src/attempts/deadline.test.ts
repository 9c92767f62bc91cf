import { describe, expect, test } from 'vitest'
import { attemptAt } from '../../test/attempt-at.ts'
import { deadlineOf } from './deadline.ts'

describe('the deadline of an attempt', () => {
  test('is the earliest of its timeouts', () => {
    const attempt = attemptAt(1_000, { closeInMs: 300 })
    expect(deadlineOf(attempt)).toMatchObject({ at: 1_100, message: expect.stringContaining('heartbeatMs') })
    attempt.beatAt = 1_290
    expect(deadlineOf(attempt)).toMatchObject({ at: 1_300, message: expect.stringContaining('scheduleToCloseMs') })
  })

  test('follows each timeout of the task, or else that of its type', () => {
    const attempt = attemptAt(0, { timeouts: { heartbeatMs: 9_000 } })
    expect(deadlineOf(attempt)).toMatchObject({ at: 500, message: expect.stringContaining('500 ms') })
  })

  test('never comes without timeouts', () => {
    const attempt = { ...attemptAt(0, {}), startToCloseMs: undefined, heartbeatMs: undefined }
    expect(deadlineOf(attempt).at).toBe(Number.POSITIVE_INFINITY)
  })
})

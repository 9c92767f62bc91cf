import { handClock } from '@taskflow/testing'
import { describe, expect, test } from 'vitest'
import { expectation } from './expectation.ts'

function setup() {
  const clock = handClock()
  return { clock, expected: expectation(clock) }
}

describe('what is expected of a line', () => {
  test('is nothing before it is known to have any', () => {
    const { expected } = setup()
    expect(expected.isDueBefore(1)).toBe(false)
    expect(expected.isUncertain).toBe(false)
  })

  test('is as many as were told', () => {
    const { expected } = setup()
    expected.told(2)
    expected.delivered(1, false)
    expect(expected.isDueBefore(5)).toBe(true)
    expected.delivered(2, false)
    expect(expected.isDueBefore(5)).toBe(false)
  })

  test('is none of a smaller rank than that which came last', () => {
    const { expected } = setup()
    expected.told(2)
    expected.delivered(3, false)
    expect(expected.isDueBefore(3)).toBe(false)
    expect(expected.isDueBefore(4)).toBe(true)
  })

  test('is nothing any more when it does not come in time', async () => {
    const { clock, expected } = setup()
    expected.told(1)
    await clock.advance(19)
    expect(expected.isDueBefore(1)).toBe(true)
    await clock.advance(1)
    expect(expected.isDueBefore(1)).toBe(false)
  })

  test('is uncertain when all were delivered that may be out', () => {
    const { expected } = setup()
    expected.delivered(1, true)
    expect([expected.isUncertain, expected.isDueBefore(2)]).toEqual([true, true])
    expected.told(0)
    expect([expected.isUncertain, expected.isDueBefore(2)]).toEqual([false, false])
  })

  test('is uncertain when what was told has not come: others may have it', async () => {
    const { clock, expected } = setup()
    expected.told(5)
    await clock.advance(20)
    expected.settled()
    expect([expected.isUncertain, expected.isDueBefore(1)]).toEqual([true, true])
  })
})

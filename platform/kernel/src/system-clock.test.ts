import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from './system-clock.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('a sleep of a fraction of a millisecond more does not end before it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  let isOver = false
  const asleep = systemClock.sleep(1.2).then(() => {
    isOver = true
  })
  await vi.advanceTimersByTimeAsync(1)
  expect(isOver).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await asleep
  expect(isOver).toBe(true)
})

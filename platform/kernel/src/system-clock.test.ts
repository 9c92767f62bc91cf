import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from './system-clock.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('a sleep does not end a fraction of a millisecond early', async () => {
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

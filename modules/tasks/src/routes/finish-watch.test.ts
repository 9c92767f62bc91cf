import type { Wakeups } from '@taskflow/kernel'
import { systemClock } from '@taskflow/testing/system-clock'
import { expect, test } from 'vitest'
import type { TaskId } from '../domain/task.ts'
import { FinishWatch } from './finish-watch.ts'

const id = '019b76da-a800-7000-8000-000000000000' as TaskId

test('subscribes again at the next wait after a failed subscription', async () => {
  let subscriptions = 0
  const wakeups: Wakeups = {
    async on() {
      subscriptions++
      if (subscriptions === 1) throw new Error('No more connections')
      return async () => undefined
    },
  }
  const storage = { findFinishedTasks: async () => [id] }
  const watch = new FinishWatch({ storage, wakeups, clock: systemClock })
  const signal = new AbortController().signal
  // Each wait finishes before the next one. The third wait finds the watch subscribed.
  for (let wait = 0; wait < 3; wait++) {
    await watch.wait(id, 1_000, signal)
    await systemClock.sleep(100)
  }
  await watch.close()
  expect(subscriptions).toBe(2)
})

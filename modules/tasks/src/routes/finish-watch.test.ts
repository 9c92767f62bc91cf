import type { Wakeups } from '@taskflow/kernel'
import { systemClock } from '@taskflow/testing/system-clock'
import { expect, test } from 'vitest'
import type { TaskId } from '../domain/task.ts'
import { FinishWatch } from './finish-watch.ts'

const id = '019b76da-a800-7000-8000-000000000000' as TaskId

test('listens at the next wait when it was refused before', async () => {
  let asked = 0
  const wakeups: Wakeups = {
    async on() {
      asked++
      if (asked === 1) throw new Error('No more connections')
      return async () => undefined
    },
  }
  const storage = { findFinishedTasks: async () => [id] }
  const watch = new FinishWatch({ storage, wakeups, clock: systemClock })
  const signal = new AbortController().signal
  // Each wait ends the watch before it; the third finds it listening.
  for (let wait = 0; wait < 3; wait++) {
    await watch.wait(id, 1_000, signal)
    await systemClock.sleep(100)
  }
  await watch.close()
  expect(asked).toBe(2)
})

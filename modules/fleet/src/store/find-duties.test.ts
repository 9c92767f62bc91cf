import { emptyDatabase, engines, moveTime, useStorage } from '@taskflow/testing'
import { script } from '@taskflow/testing/raw-sql'
import { startTask, startWorker, submitTask } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LOST_AFTER_MS } from '../duties/rescuer.ts'

const NOTHING = { promote: false, expire: false, markLost: false, rescue: false }

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))
    afterEach(() => moveTime(given.db, 0))

    const found = (ms = 0) => moveTime(given.db, ms).then(() => given.storage.findDuties(LOST_AFTER_MS))

    test('finds nothing in an empty database, nor for tasks that are not due', async () => {
      expect(await found()).toEqual(NOTHING)
      await submitTask(given.storage)
      await submitTask(given.storage, { delayMs: 60_000 })
      expect(await found()).toEqual(NOTHING)
    })

    test('finds a task to promote once it is due', async () => {
      await submitTask(given.storage, { delayMs: 60_000 })
      expect(await found(59_000)).toEqual(NOTHING)
      expect(await found(61_000)).toEqual({ ...NOTHING, promote: true })
    })

    test.each([
      ['schedule-to-start', { scheduleToStartMs: 60_000 }],
      ['schedule-to-close', { scheduleToCloseMs: 60_000 }],
    ])('finds a task to expire once its %s timeout has passed', async (_, timeouts) => {
      await submitTask(given.storage, { timeouts })
      expect(await found(59_000)).toEqual(NOTHING)
      expect(await found(61_000)).toEqual({ ...NOTHING, expire: true })
    })

    test('leaves a running task past its schedule-to-close timeout to its worker', async () => {
      await startTask(given.storage, { timeouts: { scheduleToCloseMs: 5_000 } })
      expect(await found(6_000)).toEqual(NOTHING)
    })

    test('finds a worker to mark lost once its heartbeat is too old', async () => {
      await startWorker(given.storage)
      expect(await found(LOST_AFTER_MS - 1_000)).toEqual(NOTHING)
      expect(await found(LOST_AFTER_MS + 1_000)).toEqual({ ...NOTHING, markLost: true })
    })

    test.each(['stopped', 'lost'])('finds a task to rescue when its worker is %s', async (state) => {
      await startTask(given.storage)
      expect(await found()).toEqual(NOTHING)
      await script(given.db, `update worker set state = '${state}'`)
      expect(await found()).toEqual({ ...NOTHING, rescue: true })
    })
  })
}

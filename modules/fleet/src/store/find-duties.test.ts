import { emptyDatabase, engines, moveTime, useStorage } from '@taskflow/testing'
import { script } from '@taskflow/testing/raw-sql'
import { startTask, startWorker, submitTask } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const SILENT_AFTER_MS = 10_000
const NOTHING = { promote: false, expire: false, loseWorkers: false, rescue: false }

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))
    afterEach(() => moveTime(given.db, 0))

    const found = (ms = 0) => moveTime(given.db, ms).then(() => given.storage.findDuties(SILENT_AFTER_MS))

    test('finds nothing in an empty store, nor among tasks that wait their turn', async () => {
      expect(await found()).toEqual(NOTHING)
      await submitTask(given.storage)
      await submitTask(given.storage, { delayMs: 60_000 })
      expect(await found()).toEqual(NOTHING)
    })

    test('finds something to promote from the moment that it is due', async () => {
      await submitTask(given.storage, { delayMs: 60_000 })
      expect(await found(59_000)).toEqual(NOTHING)
      expect(await found(61_000)).toEqual({ ...NOTHING, promote: true })
    })

    test.each([
      ['schedule-to-start', { scheduleToStartMs: 60_000 }],
      ['schedule-to-close', { scheduleToCloseMs: 60_000 }],
    ])('finds something to expire when its %s is over', async (_, timeouts) => {
      await submitTask(given.storage, { timeouts })
      expect(await found(59_000)).toEqual(NOTHING)
      expect(await found(61_000)).toEqual({ ...NOTHING, expire: true })
    })

    test('leaves what runs past its schedule-to-close to its worker', async () => {
      await startTask(given.storage, { timeouts: { scheduleToCloseMs: 5_000 } })
      expect(await found(6_000)).toEqual(NOTHING)
    })

    test('finds somebody to bury when a heartbeat is older than that', async () => {
      await startWorker(given.storage)
      expect(await found(SILENT_AFTER_MS - 1_000)).toEqual(NOTHING)
      expect(await found(SILENT_AFTER_MS + 1_000)).toEqual({ ...NOTHING, loseWorkers: true })
    })

    test.each(['stopped', 'lost'])('finds something to rescue in the hands of a worker that is %s', async (state) => {
      await startTask(given.storage)
      expect(await found()).toEqual(NOTHING)
      await script(given.db, `update worker set state = '${state}'`)
      expect(await found()).toEqual({ ...NOTHING, rescue: true })
    })
  })
}

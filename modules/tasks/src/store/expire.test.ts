import { emptyDatabase, engines, moveTime, newTask, PROJECT, submissionOf, useStorage } from '@taskflow/testing'
import {
  attemptsOf,
  claimOne,
  settle,
  startTask,
  startWorker,
  submitTask,
  VERDICTS,
} from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const HOUR = 3_600_000
const BY = { project: PROJECT, actor: 'key:test' }

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))
    afterEach(() => moveTime(given.db, 0))

    const expireAfter = async (ms: number) => {
      await moveTime(given.db, ms)
      return given.storage.expireTasks(100)
    }

    test('fails a task that nobody started in time, and says so', async () => {
      const task = await submitTask(given.storage, { timeouts: { scheduleToStartMs: HOUR } })
      expect(await expireAfter(HOUR - 60_000)).toBe(0)
      expect(await expireAfter(HOUR + 1_000)).toBe(1)
      const { state, error, finishedAt, attempt } = await given.storage.getTask(PROJECT, task.id)
      expect({ state, attempt, error }).toEqual({
        state: 'failed',
        attempt: 0,
        error: { name: 'Expired', message: expect.stringContaining('schedule-to-start'), reason: 'expired' },
      })
      expect(finishedAt).not.toBeNull()
      expect(await attemptsOf(given.storage, task.id)).toEqual([])
    })

    test('fails a task that did not finish in time, whatever it waits for', async () => {
      const { task, lease } = await startTask(given.storage, { timeouts: { scheduleToCloseMs: HOUR } })
      await settle(given.storage, lease, { ...VERDICTS.retry, delayMs: 10 * HOUR })
      expect(await expireAfter(2 * HOUR)).toBe(1)
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({
        state: 'failed',
        error: { message: expect.stringContaining('schedule-to-close'), reason: 'expired' },
      })
    })

    test('counts from the moment a task is due', async () => {
      await submitTask(given.storage, { delayMs: 5 * HOUR, timeouts: { scheduleToStartMs: HOUR } })
      expect(await expireAfter(5 * HOUR)).toBe(0)
      expect(await expireAfter(6 * HOUR + 1_000)).toBe(1)
    })

    test('leaves a running task to its worker', async () => {
      await startTask(given.storage, { timeouts: { scheduleToStartMs: HOUR, scheduleToCloseMs: HOUR } })
      expect(await expireAfter(2 * HOUR)).toBe(0)
    })

    test('does not hold the first start against a task that comes back', async () => {
      const { lease } = await startTask(given.storage, { timeouts: { scheduleToStartMs: HOUR } })
      await settle(given.storage, lease, VERDICTS.release)
      expect(await expireAfter(2 * HOUR)).toBe(0)
    })

    test('returns to a claim how long is left to finish, also on a later attempt', async () => {
      const { lease, worker } = await startTask(given.storage, { timeouts: { scheduleToCloseMs: 2 * HOUR } })
      await settle(given.storage, lease, VERDICTS.release)
      await moveTime(given.db, HOUR)
      const { closeInMs } = await claimOne(given.storage, worker)
      expect(closeInMs).toBeGreaterThan(HOUR - 60_000)
      expect(closeInMs).toBeLessThanOrEqual(HOUR)
    })

    test('counts again from an edited run time', async () => {
      const timeouts = { scheduleToStartMs: HOUR, scheduleToCloseMs: HOUR }
      const task = await submitTask(given.storage, { timeouts })
      await given.storage.editTask(task.id, { runAt: new Date(Date.now() + 5 * HOUR) }, BY)
      expect(await expireAfter(4 * HOUR)).toBe(0)
      expect(await expireAfter(7 * HOUR)).toBe(1)
    })

    test('counts again from a redrive', async () => {
      const task = await submitTask(given.storage, { timeouts: { scheduleToStartMs: HOUR } })
      expect(await expireAfter(2 * HOUR)).toBe(1)
      await given.storage.redriveTask(task.id, BY, null)
      expect(await given.storage.expireTasks(100)).toBe(0)
      expect(await expireAfter(4 * HOUR)).toBe(1)
    })

    test('takes no more at once than asked for', async () => {
      const timeouts = { scheduleToStartMs: HOUR }
      await given.storage.submitTasks(submissionOf(...Array.from({ length: 5 }, () => newTask({ timeouts }))))
      await moveTime(given.db, 2 * HOUR)
      expect([await given.storage.expireTasks(3), await given.storage.expireTasks(3)]).toEqual([3, 2])
    })

    test('never expires what has no such timeouts', async () => {
      await submitTask(given.storage)
      await startWorker(given.storage)
      expect(await expireAfter(1_000 * HOUR)).toBe(0)
    })
  })
}

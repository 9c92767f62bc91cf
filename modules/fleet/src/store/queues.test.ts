import { emptyDatabase, engines, moveTime, PROJECT, pulse, useStorage } from '@taskflow/testing'
import { rowsOf, script } from '@taskflow/testing/raw-sql'
import { startWorker, submitTask, taskInState } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const MINUTE = 60_000
const NO_TASKS = { blocked: 0, scheduled: 0, queued: 0, running: 0, waiting: 0, retrying: 0 }

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))
    afterEach(() => moveTime(given.db, 0))

    const listQueues = async () => {
      await given.storage.countQueues()
      return given.storage.listQueues(PROJECT, { limit: 50 })
    }

    test('counts the unfinished tasks of each queue by state', async () => {
      for (const state of ['queued', 'queued', 'running', 'retrying', 'scheduled', 'succeeded'] as const) {
        await taskInState(given, state, { queue: 'a' })
      }
      await taskInState(given, 'queued', { queue: 'b' })
      expect(await listQueues()).toMatchObject([
        { name: 'a', depth: { ...NO_TASKS, queued: 2, running: 1, retrying: 1, scheduled: 1 } },
        { name: 'b', depth: { ...NO_TASKS, queued: 1 } },
      ])
    })

    test('returns the age of the oldest queued task, and null when no task is queued', async () => {
      await submitTask(given.storage, { queue: 'a' })
      await moveTime(given.db, 10 * MINUTE)
      await submitTask(given.storage, { queue: 'a' })
      await submitTask(given.storage, { queue: 'b', delayMs: MINUTE })
      const [a, b] = await listQueues()
      expect(a!.oldestQueuedMs).toBeGreaterThan(9.5 * MINUTE)
      expect(a!.oldestQueuedMs).toBeLessThan(10.5 * MINUTE)
      expect(b!.oldestQueuedMs).toBeNull()
    })

    test('returns how many counts changed, and writes unchanged counts only twice a minute', async () => {
      const versions = () =>
        rowsOf<{ queue: string; version: string }>(
          given.db,
          'select queue, xmin::text as version from queue_count order by queue',
        )
      await submitTask(given.storage, { queue: 'a' })
      await submitTask(given.storage, { queue: 'b' })
      expect(await given.storage.countQueues()).toBe(2)
      const before = await versions()
      expect(await given.storage.countQueues()).toBe(0)
      expect(await versions()).toEqual(before)
      await submitTask(given.storage, { queue: 'b' })
      expect(await given.storage.countQueues()).toBe(1)
      const [a, b] = await versions()
      expect({ a, isWritten: b?.version !== before[1]?.version }).toEqual({ a: before[0], isWritten: true })
      await moveTime(given.db, MINUTE)
      expect(await given.storage.countQueues()).toBe(0)
      expect((await versions())[0]?.version).not.toBe(a?.version)
    })

    test('counts 0 in each state for a queue without tasks', async () => {
      await submitTask(given.storage, { queue: 'a' })
      await listQueues()
      await script(given.db, 'delete from task')
      expect(await listQueues()).toMatchObject([{ name: 'a', depth: NO_TASKS, oldestQueuedMs: null }])
    })

    test('adds up what workers settled over the last full minute', async () => {
      const workers = [await startWorker(given.storage), await startWorker(given.storage)]
      const tally = { queue: 'a', succeeded: 3, failed: 2, cancelled: 1 }
      for (const { id } of workers) await given.storage.heartbeatWorker(id, pulse({ settled: [tally] }))
      const none = { succeeded: 0, failed: 0, cancelled: 0 }
      const throughputAfter = async (ms: number) => {
        await moveTime(given.db, ms)
        return (await listQueues())[0]?.throughput
      }
      expect(await throughputAfter(MINUTE)).toEqual({ succeeded: 6, failed: 4, cancelled: 2 })
      expect(await throughputAfter(3 * MINUTE)).toEqual(none)
    })

    test('lists the queues of a project by name, page by page', async () => {
      for (const queue of ['c', 'a', 'b', 'd']) await submitTask(given.storage, { queue })
      await submitTask(given.storage, { queue: 'z', project: 'other' })
      await given.storage.countQueues()
      const first = await given.storage.listQueues(PROJECT, { limit: 3 })
      const second = await given.storage.listQueues(PROJECT, { limit: 3, after: first.at(-1)!.name })
      expect([first, second].map((page) => page.map(({ name }) => name))).toEqual([['a', 'b', 'c'], ['d']])
    })

    test('gets one queue, and throws when it does not exist', async () => {
      await submitTask(given.storage, { queue: 'a' })
      await given.storage.countQueues()
      expect(await given.storage.getQueue(PROJECT, 'a')).toMatchObject({ name: 'a', countedAt: expect.any(Date) })
      await expect(given.storage.getQueue(PROJECT, 'b')).rejects.toMatchObject({ code: 'QUEUE_NOT_FOUND' })
      await expect(given.storage.getQueue('other', 'a')).rejects.toMatchObject({ code: 'QUEUE_NOT_FOUND' })
    })

    test('deletes a queue after two days without tasks and without settled tasks', async () => {
      const worker = await startWorker(given.storage)
      const tally = { queue: 'busy', succeeded: 1, failed: 0, cancelled: 0 }
      await given.storage.heartbeatWorker(worker.id, pulse({ settled: [tally] }))
      await submitTask(given.storage, { queue: 'full' })
      await submitTask(given.storage, { queue: 'idle' })
      await listQueues()
      await script(given.db, `delete from task where queue = 'idle'`)
      const namesAfter = async (days: number) => {
        await moveTime(given.db, days * 1_440 * MINUTE)
        await given.storage.countQueues()
        await given.storage.applyRetention()
        return (await given.storage.listQueues(PROJECT, { limit: 50 })).map(({ name }) => name)
      }
      expect(await namesAfter(1)).toEqual(['busy', 'full'])
      expect(await namesAfter(3)).toEqual(['full'])
    })

    test('allows several processes to count at once', async () => {
      for (const queue of ['a', 'b', 'c']) await submitTask(given.storage, { queue })
      await Promise.all([1, 2, 3].map(() => given.storage.countQueues()))
      expect(await listQueues()).toHaveLength(3)
    })
  })
}

import { databaseWakeups } from '@taskflow/database'
import {
  emptyDatabase,
  engines,
  eventually,
  moveTime,
  newTask,
  PROJECT,
  submissionOf,
  useStorage,
} from '@taskflow/testing'
import { claimOne, settle, startTask, startWorker, submitTask, VERDICTS } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const HOUR = 3_600_000

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))
    afterEach(() => moveTime(given.db, 0))

    const stateOf = async ({ id }: { id: Parameters<typeof given.storage.getTask>[1] }) =>
      (await given.storage.getTask(PROJECT, id)).state

    test('queues what is due and nothing else', async () => {
      const soon = await submitTask(given.storage, { delayMs: HOUR })
      const later = await submitTask(given.storage, { delayMs: 3 * HOUR })
      const { task: retrying, lease } = await startTask(given.storage)
      await settle(given.storage, lease, VERDICTS.retry)
      await moveTime(given.db, 2 * HOUR)
      expect(await given.storage.promoteTasks(10)).toMatchObject({ promoted: 2 })
      expect(await Promise.all([soon, later, retrying].map(stateOf))).toEqual(['queued', 'scheduled', 'queued'])
      const { queuedAt, runAt } = await given.storage.getTask(PROJECT, soon.id)
      expect(queuedAt!.getTime()).toBeGreaterThanOrEqual(runAt!.getTime())
    })

    test('says how long it is to the next one', async () => {
      await submitTask(given.storage, { delayMs: 3 * HOUR })
      await submitTask(given.storage, { delayMs: HOUR })
      const { nextDueInMs } = await given.storage.promoteTasks(10)
      expect(nextDueInMs).toBeGreaterThan(HOUR - 30_000)
      expect(nextDueInMs).toBeLessThanOrEqual(HOUR)
    })

    test('says that nothing is scheduled', async () => {
      await submitTask(given.storage)
      expect(await given.storage.promoteTasks(10)).toEqual({ promoted: 0, nextDueInMs: null })
    })

    test('moves no more than asked for, the longest due first, and says that more are due', async () => {
      const tasks = [3, 1, 2].map((hours) => newTask({ delayMs: hours * HOUR }))
      await given.storage.submitTasks(submissionOf(...tasks))
      await moveTime(given.db, 5 * HOUR)
      const { promoted, nextDueInMs } = await given.storage.promoteTasks(2)
      expect(promoted).toBe(2)
      expect(nextDueInMs).toBeLessThan(0)
      expect(await Promise.all(tasks.map(stateOf))).toEqual(['scheduled', 'queued', 'queued'])
    })

    test('moves each task once, though two promote at once', async () => {
      await given.storage.submitTasks(submissionOf(...Array.from({ length: 200 }, () => newTask({ delayMs: HOUR }))))
      await moveTime(given.db, 2 * HOUR)
      const rounds = await Promise.all([1, 2, 3].map(() => given.storage.promoteTasks(150)))
      expect(rounds.reduce((sum, { promoted }) => sum + promoted, 0)).toBe(200)
    })

    test('keeps the place in line that a task has by its due time', async () => {
      const due = await submitTask(given.storage, { delayMs: HOUR })
      await moveTime(given.db, 2 * HOUR)
      const fresh = await submitTask(given.storage)
      await given.storage.promoteTasks(10)
      const worker = await startWorker(given.storage)
      const first = await claimOne(given.storage, worker)
      const second = await claimOne(given.storage, worker)
      expect([first.taskId, second.taskId]).toEqual([due.id, fresh.id])
    })

    test('wakes those who wait for tasks, and those who wait for a time', async () => {
      const received = await listen(['ready', 'due'])
      const runAt = new Date('2100-01-01T00:00:00Z')
      await submitTask(given.storage, { runAt, queue: 'later' })
      await submitTask(given.storage, { queue: 'now' })
      await eventually(() => received.ready.includes('now') && received.due.length > 0)
      expect(new Date(received.due[0]!)).toEqual(runAt)

      await submitTask(given.storage, { delayMs: HOUR, queue: 'promoted' })
      await moveTime(given.db, 2 * HOUR)
      await given.storage.promoteTasks(10)
      await eventually(() => received.ready.includes('promoted'))
      expect(received.ready).not.toContain('later')

      const { lease } = await startTask(given.storage, { queue: 'back' })
      await settle(given.storage, lease, VERDICTS.release)
      await eventually(() => received.ready.filter((queue) => queue === 'back').length === 2)
      await received.stop()
    })

    async function listen(topics: readonly ('ready' | 'due')[]) {
      const wakeups = databaseWakeups(given.db)
      const received = { ready: [] as string[], due: [] as string[] }
      const stops = await Promise.all(
        topics.map((topic) => wakeups.on(topic, (detail) => received[topic].push(detail))),
      )
      return { ...received, stop: () => Promise.all(stops.map((stop) => stop())) }
    }
  })
}

import { emptyDatabase, engines, moveTime, newTask, PROJECT, submissionOf, useStorage } from '@taskflow/testing'
import { script } from '@taskflow/testing/raw-sql'
import { settle, startTask, submitTask, taskInState, VERDICTS } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Dispatch, Subqueue } from '../dispatch/broker.ts'
import type { NewTask } from '../domain/task.ts'

const MINUTE = 60_000

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))
    afterEach(() => moveTime(given.db, 0))

    const subqueueOf = ({ project, queue, type, priority }: NewTask): Subqueue => ({ project, queue, type, priority })

    const count = async (settledForMs = MINUTE) => {
      const counted = await given.storage.countQueuedTasks(settledForMs)
      return counted.map((each) => JSON.stringify(each)).sort()
    }

    const counts = (...subqueues: [Subqueue, number][]) =>
      subqueues.map(([subqueue, count]) => JSON.stringify({ subqueue, count })).sort()

    async function listInPages(line: Subqueue, limit: number): Promise<Dispatch[]> {
      const all: Dispatch[] = []
      for (;;) {
        const after = all.at(-1)
        const page = await given.storage.listQueuedTasks(line, { limit, ...(after && { after }) })
        all.push(...page)
        if (page.length < limit) return all
      }
    }

    test('counts what is queued by project, queue, type and priority, and nothing else', async () => {
      const a = await submitTask(given.storage, { queue: 'a' })
      await submitTask(given.storage, { queue: 'a' })
      const others = [{ queue: 'b' }, { type: 'x' }, { priority: 'low' as const }, { project: 'other' }]
      const lines = []
      for (const other of others) lines.push(subqueueOf(await submitTask(given.storage, { queue: 'a', ...other })))
      for (const state of ['scheduled', 'running', 'retrying', 'succeeded'] as const) {
        await taskInState(given, state, { queue: 'a' })
      }
      await moveTime(given.db, 2 * MINUTE)
      expect(await count()).toEqual(
        counts([subqueueOf(a), 2], ...lines.map((subqueue): [Subqueue, number] => [subqueue, 1])),
      )
    })

    test('counts no task that was queued just now, be it new, promoted or come back', async () => {
      const { task: released, lease } = await startTask(given.storage)
      const promoted = await submitTask(given.storage, { type: 'test.promoted', delayMs: MINUTE })
      await moveTime(given.db, 10 * MINUTE)
      const fresh = await submitTask(given.storage)
      await settle(given.storage, lease, VERDICTS.release)
      await given.storage.promoteTasks(10)
      expect(await count()).toEqual([])
      await moveTime(given.db, 12 * MINUTE)
      expect(await count()).toEqual(
        counts([subqueueOf(fresh), 1], [subqueueOf(released), 1], [subqueueOf(promoted), 1]),
      )
    })

    test('lists the tasks of a subqueue in the order of their ranks, page by page, with the ranks that claims go by', async () => {
      const early = await submitTask(given.storage, { queue: 'a' })
      // The ranks of one statement are microseconds apart, less than a Date can represent.
      const tasks = Array.from({ length: 25 }, () => newTask({ queue: 'a' }))
      await given.storage.submitTasks(submissionOf(...tasks))
      for (const other of [{ queue: 'b' }, { type: 'x' }, { priority: 'high' as const }, { project: 'other' }]) {
        await submitTask(given.storage, { queue: 'a', ...other })
      }
      const listed = await listInPages(subqueueOf(early), 10)
      expect(listed.map(({ taskId }) => taskId)).toEqual([early, ...tasks].map(({ id }) => id))
      expect(listed[0]).toMatchObject(subqueueOf(early))
      const ranks = listed.map(({ rankMs }) => rankMs)
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
      const { queuedAt } = await given.storage.getTask(PROJECT, early.id)
      expect(Math.abs(ranks[0]! - queuedAt!.getTime())).toBeLessThanOrEqual(1)
    })

    test('loses none on the way from page to page, whatever the page and the moment', async () => {
      for (const aheadMs of [0, 123_456_789, -1_000_000_000_000]) {
        await emptyDatabase(given.db)
        await moveTime(given.db, aheadMs)
        const tasks = Array.from({ length: 100 }, () => newTask({ priority: 'critical' }))
        await given.storage.submitTasks(submissionOf(...tasks))
        for (const limit of [1, 7, 100]) {
          const listed = await listInPages(subqueueOf(tasks[0]!), limit)
          expect(listed.map(({ taskId }) => taskId)).toEqual(tasks.map(({ id }) => id))
        }
      }
    })

    test('orders tasks of one rank by their ids', async () => {
      const tasks = Array.from({ length: 10 }, () => newTask({ queue: 'a' }))
      await given.storage.submitTasks(submissionOf(...tasks))
      await script(given.db, `update task set rank = date_trunc('day', rank)`)
      const listed = await listInPages(subqueueOf(tasks[0]!), 3)
      expect(listed.map(({ taskId }) => taskId)).toEqual(tasks.map(({ id }) => id))
    })
  })
}

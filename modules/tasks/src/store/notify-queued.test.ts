import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { openStorage } from '@taskflow/rooms'
import { emptyDatabase, engines, moveTime, newTask, PROJECT, submissionOf, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { claimOne, settle, startTask, startWorker, submitTask, VERDICTS } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Dispatch } from '../dispatch/broker.ts'
import type { NewTask, TaskId } from '../domain/task.ts'

const HOUR = 3_600_000
const BY = { project: PROJECT, actor: 'key:test' }
const LATER = new Date('2100-01-01T00:00:00Z')

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    let storage: Storage
    let notified: Dispatch[]

    beforeEach(async () => {
      await emptyDatabase(given.db)
      notified = []
      storage = openStorage({
        db: given.db,
        events: given.events,
        retentionMs: 24 * HOUR,
        onQueued: (dispatches) => notified.push(...dispatches),
      })
    })
    afterEach(() => moveTime(given.db, 0))

    /** Returns the dispatches published since the last call. */
    const takeNotified = () => notified.splice(0)

    const toldIds = () => takeNotified().map(({ taskId }) => taskId)

    async function rankMsOf(id: TaskId): Promise<number | undefined> {
      const rank = 'select (extract(epoch from rank) * 1000)::float8 as ms from task where id = $1'
      const [row] = await rowsOf<{ ms: number }>(given.db, rank, [id])
      return row?.ms
    }

    async function dispatchOf({ id: taskId, project, queue, type, priority }: NewTask): Promise<Dispatch> {
      return { taskId, project, queue, type, priority, rankMs: (await rankMsOf(taskId)) ?? Number.NaN }
    }

    const ways = {
      plainly: (tasks: NewTask[]) => storage.submitTasks(submissionOf(...tasks)),
      once: (tasks: NewTask[]) =>
        storage.submitTasks({ ...submissionOf(...tasks), idempotency: { key: tasks[0]!.id, requestHash: '' } }),
    }

    test.each(Object.entries(ways))('a task submitted %s is published as it is stored', async (_, submit) => {
      for (const options of [{}, { priority: 'critical' }, { priority: 'low', queue: 'q', type: 't' }] as const) {
        const task = newTask(options)
        await submit([task])
        const [dispatch, ...more] = takeNotified()
        const stored = await dispatchOf(task)
        expect(more).toEqual([])
        expect({ ...dispatch, rankMs: 0 }).toEqual({ ...stored, rankMs: 0 })
        // A Date has no microseconds.
        expect(Math.abs(dispatch!.rankMs - stored.rankMs)).toBeLessThan(1)
      }
    })

    test.each(Object.entries(ways))('tasks submitted %s that are due later are not published', async (_, submit) => {
      const tasks = [
        newTask({ runAt: LATER }),
        newTask({ runAt: new Date('2000-01-01T00:00:00Z') }),
        newTask({ delayMs: HOUR }),
        newTask({ delayMs: 0 }),
        newTask(),
      ]
      await submit(tasks)
      const queued = await rowsOf<{ id: string }>(given.db, `select id from task where state = 'queued' order by id`)
      expect(queued).toHaveLength(3)
      expect(toldIds()).toEqual(queued.map(({ id }) => id))
    })

    test('exactly the tasks that are stored as queued are published, to the millisecond', async () => {
      // The clock goes on meanwhile, so that some of these are due when they arrive and some are not.
      const start = Date.now()
      const tasks = Array.from({ length: 300 }, (_, index) => newTask({ runAt: new Date(start + index) }))
      await Promise.all(tasks.map((task) => storage.submitTasks(submissionOf(task))))
      const queued = await rowsOf<{ id: string }>(given.db, `select id from task where state = 'queued' order by id`)
      expect(toldIds().sort()).toEqual(queued.map(({ id }) => id))
    })

    test('tasks of one submission are published in the order of their ranks', async () => {
      const tasks = Array.from({ length: 1_000 }, () => newTask())
      await storage.submitTasks(submissionOf(...tasks))
      const inOrder = takeNotified().toSorted((a, b) => a.rankMs - b.rankMs)
      expect(inOrder.map(({ taskId }) => taskId)).toEqual(tasks.map(({ id }) => id))
      const last = inOrder.at(-1)!
      expect(Math.abs(last.rankMs - (await rankMsOf(last.taskId))!)).toBeLessThan(1)
    })

    test('concurrent submissions are published once each', async () => {
      const tasks = Array.from({ length: 100 }, () => newTask())
      await Promise.all(
        tasks.map((task, index) =>
          storage.submitTasks({
            ...submissionOf(task),
            ...(index % 2 && { idempotency: { key: task.id, requestHash: '' } }),
          }),
        ),
      )
      expect(toldIds().sort()).toEqual(tasks.map(({ id }) => id))
    })

    test('a replay, a conflict and a failed submission are not published', async () => {
      const idempotency = { key: 'k', requestHash: 'a' }
      const task = newTask()
      await storage.submitTasks({ ...submissionOf(task), idempotency })
      expect(toldIds()).toEqual([task.id])
      const fresh = newTask()
      await Promise.allSettled([
        storage.submitTasks({ ...submissionOf(newTask()), idempotency }),
        storage.submitTasks({ ...submissionOf(newTask()), idempotency: { ...idempotency, requestHash: 'b' } }),
        storage.submitTasks({ ...submissionOf(fresh), idempotency: { ...idempotency, key: 'other' } }),
        storage.submitTasks(submissionOf(newTask({ payload: 'not json' }))),
      ])
      expect(toldIds()).toEqual([fresh.id])
    })

    test('promoted tasks are published with the rank of their due time', async () => {
      const tasks = [
        newTask({ delayMs: HOUR, priority: 'high' }),
        newTask({ delayMs: HOUR }),
        newTask({ runAt: LATER }),
      ]
      await storage.submitTasks(submissionOf(...tasks))
      await moveTime(given.db, 2 * HOUR)
      expect(await storage.promoteTasks(10)).toMatchObject({ promoted: 2 })
      const due = await Promise.all(tasks.slice(0, 2).map(dispatchOf))
      expect(takeNotified().sort((a, b) => a.rankMs - b.rankMs)).toEqual(due)
      await storage.promoteTasks(10)
      expect(takeNotified()).toEqual([])
    })

    test.each(['release', 'rescue'] as const)('a %sd task is published with the rank it had', async (verb) => {
      const { task, lease } = await startTask(storage, { priority: 'low' })
      const before = await rankMsOf(task.id)
      takeNotified()
      await moveTime(given.db, HOUR)
      await settle(storage, lease, VERDICTS[verb])
      expect(takeNotified()).toEqual([{ ...(await dispatchOf(task)), rankMs: before }])
    })

    test.each(['complete', 'fail', 'retry', 'snooze', 'cancel'] as const)('%s queues nothing', async (verb) => {
      const { lease } = await startTask(storage)
      takeNotified()
      await settle(storage, lease, VERDICTS[verb])
      expect(takeNotified()).toEqual([])
    })

    test('a task that is cancelled instead of requeued is not published, nor one whose lease is stale', async () => {
      const { task, lease } = await startTask(storage)
      takeNotified()
      await storage.cancelTask(task.id, BY, null)
      await settle(storage, lease, VERDICTS.release)
      await settle(storage, lease, VERDICTS.rescue)
      expect(takeNotified()).toEqual([])
    })

    test('a redriven task is published with a new rank', async () => {
      const { task, lease } = await startTask(storage)
      await settle(storage, lease, VERDICTS.fail)
      takeNotified()
      await moveTime(given.db, HOUR)
      await storage.redriveTask(task.id, BY, null)
      expect(takeNotified()).toEqual([await dispatchOf(task)])
      await expect(storage.redriveTask(task.id, BY, null)).rejects.toMatchObject({ code: 'TASK_STATE_CONFLICT' })
      expect(takeNotified()).toEqual([])
    })

    test('an edited task is published with its new subqueue, if it is queued', async () => {
      const task = await submitTask(storage, { runAt: LATER })
      await storage.editTask(task.id, { queue: 'moved' }, BY)
      expect(takeNotified()).toEqual([])
      await storage.editTask(task.id, { runAt: null, priority: 'critical' }, BY)
      const moved = { ...task, queue: 'moved', priority: 'critical' } as const
      expect(takeNotified()).toEqual([await dispatchOf(moved)])
      await storage.editTask(task.id, { runAt: LATER }, BY)
      expect(takeNotified()).toEqual([])
    })

    test('a listener that throws loses the dispatches, not the verb, and the loss is reported', async () => {
      const events = new EventEmitter<TaskFlowEvents>()
      const dropped: TaskFlowEvents['dispatches.dropped'][0][] = []
      events.on('dispatches.dropped', (detail) => dropped.push(detail))
      const error = new Error('the broker is away')
      const deaf = openStorage({
        db: given.db,
        events,
        retentionMs: 24 * HOUR,
        onQueued() {
          throw error
        },
      })
      const task = newTask()
      await deaf.submitTasks(submissionOf(task, newTask()))
      const lease = await claimOne(deaf, await startWorker(deaf))
      expect(await settle(deaf, lease, VERDICTS.release)).toBe('settled')
      expect(dropped).toEqual([
        { count: 2, error },
        { count: 1, error },
      ])
    })
  })
}

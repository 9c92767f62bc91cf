import type { WorkerIntroduction } from '@taskflow/fleet'
import type { Storage } from '@taskflow/rooms'
import {
  claimBy,
  emptyDatabase,
  engines,
  moveTime,
  newTask,
  newWorker,
  openTransaction,
  PROJECT,
  submissionOf,
  useStorage,
} from '@taskflow/testing'
import { script } from '@taskflow/testing/raw-sql'
import { BELIEFS, rowsRead } from '@taskflow/testing/rows-read'
import { claimOne, startWorker, submitTask } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HEAD_START_MS, type Priority } from '../domain/priority.ts'
import { claimTasks } from '../statements/claim-tasks.ts'
import { claimTasksOfSubqueues } from '../statements/claim-tasks-of-subqueues.ts'

const LASTING_BELIEFS = Object.keys(BELIEFS) as (keyof typeof BELIEFS)[]

const IDLE = Array.from({ length: 17 }, (_, number) => `idle-${number}`)

/** Each way to claim, and the queues where nothing waits that let it be taken. */
const WAYS = [
  { lines: 'few lines', statement: claimTasks, idle: [], readFor: (taken: number) => taken },
  { lines: 'many lines', statement: claimTasksOfSubqueues, idle: IDLE, readFor: (taken: number) => 2 * taken + 2 },
]

for (const [engine, { lines, statement, idle, readFor }] of engines().flatMap((engine) =>
  WAYS.map((way) => [engine, way] as const),
)) {
  describe(`${engine.name}, of ${lines}`, () => {
    const given = useStorage(engine)
    const widened = (): Storage => ({
      ...given.storage,
      claimTasks: (request) => given.storage.claimTasks({ ...request, queues: [...request.queues, ...idle] }),
    })
    beforeEach(() => emptyDatabase(given.db))
    afterEach(() => moveTime(given.db, 0))

    test('gives what an attempt needs, and marks the task as running', async () => {
      const storage = widened()
      const task = await submitTask(storage, {
        labels: { a: 'b' },
        retry: { baseMs: 1, factor: 2, maxMs: 3, jitter: 'full' },
        timeouts: { startToCloseMs: 5_000, scheduleToCloseMs: 60_000 },
      })
      const worker = await startWorker(storage)
      const lease = await claimOne(storage, worker)
      expect(lease).toMatchObject({
        taskId: task.id,
        project: PROJECT,
        type: task.type,
        queue: task.queue,
        payload: task.payload,
        attempt: 1,
        maxAttempts: 5,
        crashCount: 0,
        retry: task.retry,
        timeouts: task.timeouts,
        labels: { a: 'b' },
      })
      expect(lease.closeInMs).toBeGreaterThan(50_000)
      expect(lease.closeInMs).toBeLessThanOrEqual(60_000)
      expect(lease.waitedMs).toBeGreaterThanOrEqual(0)
      const stored = await storage.getTask(PROJECT, task.id)
      expect(stored).toMatchObject({ state: 'running', attempt: 1, workerId: worker.id, startedAt: expect.any(Date) })
    })

    test('takes higher priorities first, and within one the task that waits longest', async () => {
      const storage = widened()
      const order: readonly Priority[] = ['low', 'normal', 'critical', 'normal', 'high', 'critical']
      const tasks = order.map((priority) => newTask({ priority }))
      // In one submission, so that no two of a class have the same rank.
      await storage.submitTasks(submissionOf(...tasks))
      const worker = await startWorker(storage)
      const claimed = []
      for (const _ of order) claimed.push((await claimOne(storage, worker)).taskId)
      expect(claimed).toEqual([2, 5, 4, 1, 3, 0].map((index) => tasks[index]!.id))
    })

    test('takes the tasks of one submission in the order in which they were given', async () => {
      const tasks = Array.from({ length: 300 }, () => newTask({ type: 'test.ordered' }))
      await given.storage.submitTasks(submissionOf(...tasks))
      const worker = newWorker({ types: ['test.ordered'] })
      await given.storage.registerWorker(worker, [])
      const claimed = []
      for (let batch = 0; batch < 3; batch++) {
        const leases = await widened().claimTasks(claimBy(worker, { max: 100 }))
        claimed.push(leases.map(({ taskId }) => taskId).sort())
      }
      // Ids ascend in the order of submission; within a batch all start together.
      expect(claimed).toEqual([0, 100, 200].map((start) => tasks.slice(start, start + 100).map(({ id }) => id)))
    })

    test('takes a low task that has aged past its handicap before a new normal one', async () => {
      const storage = widened()
      const low = await submitTask(storage, { priority: 'low' })
      await moveTime(given.db, -HEAD_START_MS.low - 5_000)
      const early = await submitTask(storage)
      await moveTime(given.db, -HEAD_START_MS.low + 5_000)
      const late = await submitTask(storage)
      const worker = await startWorker(storage)
      const claimed = []
      for (const _ of [1, 2, 3]) claimed.push((await claimOne(storage, worker)).taskId)
      expect(claimed).toEqual([early.id, low.id, late.id])
    })

    test('takes only tasks of its queues, types and project', async () => {
      const storage = widened()
      const wanted = [
        await submitTask(storage, { queue: 'a', type: 'x' }),
        await submitTask(storage, { queue: 'b', type: 'y' }),
      ]
      await submitTask(storage, { queue: 'c', type: 'x' })
      await submitTask(storage, { queue: 'a', type: 'z' })
      await submitTask(storage, { queue: 'a', type: 'x', project: 'other' })
      const worker = await startWorker(storage, { queues: ['a', 'b'], types: ['x', 'y'] })
      const leases = await storage.claimTasks(claimBy(worker))
      expect(leases.map(({ taskId }) => taskId).sort()).toEqual(wanted.map(({ id }) => id).sort())
    })

    test('takes no more than asked for, over all its queues and types, and the first of them', async () => {
      const storage = widened()
      const tasks = ['a', 'b', 'a', 'b', 'a', 'b'].map((queue) => newTask({ queue }))
      // In one submission, so that no two have the same rank.
      await storage.submitTasks(submissionOf(...tasks))
      const worker = await startWorker(storage, { queues: ['a', 'b'] })
      const leases = await storage.claimTasks(claimBy(worker, { max: 4 }))
      expect(leases.map(({ taskId }) => taskId).sort()).toEqual(tasks.slice(0, 4).map(({ id }) => id))
      expect(await storage.claimTasks(claimBy(worker, { max: 10 }))).toHaveLength(2)
      expect(await storage.claimTasks(claimBy(worker, { max: 10 }))).toEqual([])
    })

    test('serves the queues in the order given when drawn, and by rank within each', async () => {
      const storage = widened()
      const tasks = ['a', 'b', 'c', 'a', 'b', 'c'].map((queue) => newTask({ queue }))
      await storage.submitTasks(submissionOf(...tasks))
      const urgent = await submitTask(storage, { queue: 'b', priority: 'critical' })
      const worker = await startWorker(storage, { queues: ['a', 'b', 'c'] })
      const claimed = []
      for (const queues of [
        ['b', 'c', 'a'],
        ['b', 'c', 'a'],
        ['c', 'b', 'a'],
        ['a', 'b', 'c'],
      ]) {
        const leases = await storage.claimTasks(claimBy(worker, { queues, isDrawn: true, max: 1 }))
        claimed.push(...leases.map(({ taskId }) => taskId))
      }
      expect(claimed).toEqual([urgent.id, ...[1, 2, 0].map((index) => tasks[index]!.id)])
      const rest = await storage.claimTasks(claimBy(worker, { queues: ['b', 'a', 'c'], isDrawn: true, max: 2 }))
      expect(rest.map(({ taskId }) => taskId).sort()).toEqual([tasks[3]!.id, tasks[4]!.id])
    })

    test('gives no task to two of 20 concurrent claims', async () => {
      const storage = widened()
      await storage.submitTasks(submissionOf(...Array.from({ length: 300 }, () => newTask())))
      const workers = await Promise.all(Array.from({ length: 20 }, () => startWorker(storage)))
      const leases = (
        await Promise.all(workers.map((worker) => storage.claimTasks(claimBy(worker, { max: 10 }))))
      ).flat()
      expect(new Set(leases.map(({ taskId }) => taskId)).size).toBe(leases.length)
      expect(new Set(leases.map(({ leaseId }) => leaseId)).size).toBe(leases.length)
      expect(leases).toHaveLength(200)
    })

    test('shares tasks among concurrent claims, and each claim gets as many as it requested', async () => {
      const types = Array.from({ length: 5 }, (_, number) => `test.shared-${number}`)
      const tasks = Array.from({ length: 500 }, (_, index) => newTask({ type: types[index % types.length]! }))
      await given.storage.submitTasks(submissionOf(...tasks))
      const workers = await Promise.all(Array.from({ length: 5 }, () => startWorker(given.storage, { types })))
      const storage = widened()
      const rounds = await Promise.all(workers.map((worker) => claimInTurn(storage, worker, [20, 20, 20, 20])))
      expect(rounds.flat().map((leases) => leases.length)).toEqual(Array(20).fill(20))
      const ids = rounds.flat(2).map(({ taskId }) => taskId)
      expect(new Set(ids).size).toBe(ids.length)
    })

    // PGlite has one connection: nobody holds a lock beside a claim.
    if (engine.kind === 'postgres') {
      test('takes what waits behind tasks that another claim is about to take', async () => {
        const tasks = Array.from({ length: 30 }, (_, index) => newTask({ queue: index % 3 === 0 ? 'a' : 'b' }))
        await given.storage.submitTasks(submissionOf(...tasks))
        const worker = await startWorker(given.storage, { queues: ['a', 'b'] })
        const ids = tasks.map(({ id }) => id)
        const other = await openTransaction(given)
        await other.query('select 1 from task where id = any($1) for update', [ids.slice(0, 20)])
        const leases = await widened().claimTasks(claimBy(worker, { max: 10 }))
        await other.rollback()
        expect(leases.map(({ taskId }) => taskId).sort()).toEqual(ids.slice(20))
      })
    }

    test('gives nothing to a worker that is asked to cordon or to drain', async () => {
      const storage = widened()
      await submitTask(storage)
      const [cordoned, draining] = [await startWorker(storage), await startWorker(storage)]
      await storage.cordonWorker(PROJECT, cordoned.id)
      await storage.drainWorker(PROJECT, draining.id)
      expect(await storage.claimTasks(claimBy(cordoned))).toEqual([])
      expect(await storage.claimTasks(claimBy(draining))).toEqual([])
    })

    test('gives nothing to a worker that is lost or was never registered', async () => {
      const [storage, { db }] = [widened(), given]
      await submitTask(storage)
      const worker = await startWorker(storage)
      await script(db, `update worker set state = 'lost'`)
      expect(await storage.claimTasks(claimBy(worker))).toEqual([])
      expect(await storage.claimTasks(claimBy(newWorker()))).toEqual([])
    })

    test('gives a fresh lease with each attempt', async () => {
      const storage = widened()
      await submitTask(storage)
      const worker = await startWorker(storage)
      const { taskId, ...first } = await claimOne(storage, worker)
      await storage.settleTasks([{ taskId, leaseId: first.leaseId, verdict: { verb: 'release' } }])
      const second = await claimOne(storage, worker)
      expect(second.leaseId).not.toBe(first.leaseId)
      expect(second.attempt).toBe(1)
    })

    test('says how long a task waited since it was ready, not since it was stored', async () => {
      const [storage, { db }] = [widened(), given]
      await submitTask(storage, { delayMs: 3_600_000 })
      await moveTime(db, 3_600_000)
      await storage.promoteTasks(10)
      await moveTime(db, 3_605_000)
      const { waitedMs } = await claimOne(storage, await startWorker(storage))
      expect(waitedMs).toBeGreaterThanOrEqual(4_000)
      expect(waitedMs).toBeLessThan(10_000)
    })

    test('reads no task of a type that the worker does not know, however many wait', async () => {
      const storage = widened()
      await storage.submitTasks(
        submissionOf(...Array.from({ length: 20_000 }, () => newTask({ type: 'test.orphan', priority: 'critical' }))),
      )
      const mine = await Promise.all(Array.from({ length: 5 }, () => submitTask(storage)))
      expect(await readByClaim(await startWorker(storage))).toBeLessThanOrEqual(readFor(mine.length))
    })

    test.each(LASTING_BELIEFS)('reads no more than it takes, though the planner believes %s', async (belief) => {
      const [storage, { db }] = [widened(), given]
      await storage.submitTasks(submissionOf(...Array.from({ length: 5_000 }, () => newTask())))
      await script(db, BELIEFS[belief])
      expect(await readByClaim(await startWorker(storage))).toBeLessThanOrEqual(readFor(10))
    })

    /** So many each time, one claim after the other. */
    async function claimInTurn(storage: Storage, worker: WorkerIntroduction, sizes: readonly number[]) {
      const claims = []
      for (const max of sizes) claims.push(await storage.claimTasks(claimBy(worker, { max })))
      return claims
    }

    const readByClaim = ({ id }: WorkerIntroduction) =>
      rowsRead(
        given.db,
        statement,
        [
          `'${id}'`,
          `'{${['default', ...idle].join(',')}}'`,
          `'{test.echo}'`,
          '10',
          'false',
          `'0190a0b0-c0d0-7000-8000-'`,
          'null',
        ],
        'task',
      )
  })
}

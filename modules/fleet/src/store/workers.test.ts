import {
  claimBy,
  emptyDatabase,
  engines,
  moveTime,
  newTask,
  newTaskType,
  newWorker,
  newWorkerId,
  PROJECT,
  pulse,
  stopTime,
  submissionOf,
  useStorage,
} from '@taskflow/testing'
import { startTask, startWorker } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LOST_AFTER_MS } from '../duties/rescuer.ts'

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))
    afterEach(() => moveTime(given.db, 0))

    const listWorkers = () => given.storage.listWorkers(PROJECT, { limit: 50 })
    const markLost = async () => given.storage.markWorkersLost(await given.storage.listSilentWorkers(LOST_AFTER_MS))

    test('lists a worker as it registered, with the tasks that it runs', async () => {
      await stopTime(given.db)
      const worker = newWorker({
        name: 'größter "worker"',
        labels: { zone: 'a', "it's": '{}' },
        queues: ['default', 'with,comma', 'with "quotes"', 'NULL', ''],
        types: ['test.echo', '{braces}', 'back\\slash'],
        slots: 3,
      })
      await given.storage.registerWorker(worker, [])
      const task = newTask()
      await given.storage.submitTasks(submissionOf(task))
      await given.storage.claimTasks(claimBy(worker))
      expect(await listWorkers()).toEqual([
        {
          ...worker,
          state: 'active',
          running: [{ taskId: task.id, type: task.type, startedAt: expect.any(Date) }],
          loopLagMs: 0,
          sinceFetchMs: 0,
          startedAt: expect.any(Date),
          heartbeatAt: expect.any(Date),
        },
      ])
    })

    test('registers a worker once when it registers twice, because the first reply was lost', async () => {
      const worker = newWorker()
      await given.storage.registerWorker(worker, [])
      await given.storage.registerWorker(worker, [])
      expect(await listWorkers()).toHaveLength(1)
    })

    test('a stopped worker stays stopped after a late heartbeat, and claims nothing', async () => {
      const worker = newWorker()
      await given.storage.registerWorker(worker, [])
      await given.storage.deregisterWorker(worker.id)
      await given.storage.submitTasks(submissionOf(newTask()))
      expect(await given.storage.heartbeatWorker(worker.id, pulse())).toEqual({ isAlive: false })
      expect(await given.storage.claimTasks(claimBy(worker))).toEqual([])
      expect(await listWorkers()).toMatchObject([{ id: worker.id, state: 'stopped' }])
    })

    test('a heartbeat updates the state and measurements of its worker', async () => {
      await stopTime(given.db)
      const worker = await startWorker(given.storage)
      const [before] = await listWorkers()
      await stopTime(given.db, 60_000)
      const beat = pulse({ state: 'draining', loopLagMs: 12.6, sinceFetchMs: 3.2 })
      expect(await given.storage.heartbeatWorker(worker.id, beat)).toEqual({
        isAlive: true,
        cancelled: [],
        request: null,
      })
      const [after] = await listWorkers()
      expect(after).toMatchObject({ state: 'draining', loopLagMs: 13, sinceFetchMs: 3 })
      expect(after!.heartbeatAt.getTime() - before!.heartbeatAt.getTime()).toBe(60_000)
    })

    test('marks only silent workers lost, and refuses their heartbeats from then on', async () => {
      await stopTime(given.db)
      const silent = await startWorker(given.storage)
      const healthy = await startWorker(given.storage)
      await stopTime(given.db, LOST_AFTER_MS + 1)
      await given.storage.heartbeatWorker(healthy.id, pulse())
      expect((await given.storage.listSilentWorkers(LOST_AFTER_MS)).map(({ id }) => id)).toEqual([silent.id])
      expect(await markLost()).toEqual([silent.id])
      expect(await markLost()).toEqual([])
      expect(await given.storage.heartbeatWorker(silent.id, pulse())).toEqual({ isAlive: false })
      expect((await listWorkers()).map(({ id, state }) => [id, state])).toEqual([
        [healthy.id, 'active'],
        [silent.id, 'lost'],
      ])
    })

    test('does not mark a worker lost that sent a heartbeat after it was listed as silent', async () => {
      const worker = await startWorker(given.storage)
      await moveTime(given.db, LOST_AFTER_MS + 1_000)
      const silent = await given.storage.listSilentWorkers(LOST_AFTER_MS)
      await given.storage.heartbeatWorker(worker.id, pulse())
      expect(await given.storage.markWorkersLost(silent)).toEqual([])
      expect(await given.storage.heartbeatWorker(worker.id, pulse())).toMatchObject({ isAlive: true })
    })

    test('refuses the heartbeat of an unknown worker', async () => {
      expect(await given.storage.heartbeatWorker(newWorkerId(), pulse())).toEqual({ isAlive: false })
    })

    test('shows a deregistered worker as stopped, not as silent', async () => {
      const worker = await startWorker(given.storage)
      await given.storage.deregisterWorker(worker.id)
      await moveTime(given.db, LOST_AFTER_MS + 1_000)
      expect(await given.storage.listSilentWorkers(LOST_AFTER_MS)).toEqual([])
      expect(await listWorkers()).toMatchObject([{ id: worker.id, state: 'stopped' }])
    })

    test('a lost worker that deregisters stays lost', async () => {
      const worker = await startWorker(given.storage)
      await moveTime(given.db, LOST_AFTER_MS + 1_000)
      await markLost()
      await given.storage.deregisterWorker(worker.id)
      expect(await listWorkers()).toMatchObject([{ state: 'lost' }])
    })

    test('lists leases as orphaned once their worker is lost or stopped, and not before', async () => {
      const { storage } = given
      const living = await startTask(storage)
      const lost = await startTask(storage)
      const stopped = await startTask(storage)
      expect(await storage.listOrphanedLeases(10)).toEqual([])
      await storage.deregisterWorker(stopped.worker.id)
      await moveTime(given.db, LOST_AFTER_MS + 1_000)
      await storage.heartbeatWorker(living.worker.id, pulse())
      await markLost()
      const orphans = await storage.listOrphanedLeases(10)
      expect(orphans.map(({ taskId }) => taskId).sort()).toEqual([lost.task.id, stopped.task.id])
      expect(orphans.find(({ taskId }) => taskId === lost.task.id)).toEqual({
        taskId: lost.task.id,
        leaseId: lost.lease.leaseId,
        workerId: lost.worker.id,
        attempt: 1,
        maxAttempts: 5,
        crashCount: 0,
      })
      expect(await storage.listOrphanedLeases(1)).toHaveLength(1)
    })

    test('lists workers of a project newest first, page by page', async () => {
      const ids = []
      for (let index = 0; index < 5; index++) ids.push((await startWorker(given.storage)).id)
      await startWorker(given.storage, { project: 'other' })
      const first = await given.storage.listWorkers(PROJECT, { limit: 3 })
      const second = await given.storage.listWorkers(PROJECT, { limit: 3, before: first.at(-1)!.id })
      expect([...first, ...second].map(({ id }) => id)).toEqual(ids.reverse())
    })

    test('stores a task type as the latest worker registered it', async () => {
      const type = {
        type: 'report.build',
        queue: 'reports',
        priority: 'low',
        maxAttempts: 3,
        retry: { baseMs: 1, factor: 2, maxMs: 3, jitter: 'full' },
        timeouts: { startToCloseMs: 5 },
        inputSchema: '{"type": "object"}',
      } as const
      const bare = newTaskType('bare')
      await given.storage.registerWorker(newWorker(), [{ ...type, queue: 'before' }, bare])
      await given.storage.registerWorker(newWorker(), [type])
      await given.storage.registerWorker(newWorker({ project: 'other' }), [{ ...type, type: 'elsewhere' }])
      expect(await given.storage.listTaskTypes(PROJECT)).toEqual([bare, type])
    })
  })
}

import { databaseWakeups } from '@taskflow/database'
import {
  claimBy,
  emptyDatabase,
  engines,
  eventually,
  moveTime,
  newWorkerId,
  PROJECT,
  pulse,
  stopTime,
  useStorage,
} from '@taskflow/testing'
import { startTask, startWorker, submitTask } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WorkerIntroduction } from '../ports/worker-store.ts'

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(async () => {
      await emptyDatabase(given.db)
      await stopTime(given.db)
    })
    afterEach(() => moveTime(given.db, 0))

    const cordon = ({ id }: WorkerIntroduction) => given.storage.cordonWorker(PROJECT, id)
    const uncordon = ({ id }: WorkerIntroduction) => given.storage.uncordonWorker(PROJECT, id)
    const drain = ({ id }: WorkerIntroduction) => given.storage.drainWorker(PROJECT, id)
    const stateOf = async ({ id }: WorkerIntroduction) => (await given.storage.getWorker(PROJECT, id)).state

    test('gets a worker as the list shows it', async () => {
      const { worker } = await startTask(given.storage)
      await startWorker(given.storage)
      const listed = await given.storage.listWorkers(PROJECT, { limit: 50 })
      expect(await given.storage.getWorker(PROJECT, worker.id)).toEqual(listed.find(({ id }) => id === worker.id))
    })

    test('neither gets nor changes an unknown worker or a worker of another project', async () => {
      const worker = await startWorker(given.storage)
      const notFound = { code: 'WORKER_NOT_FOUND' }
      for (const verb of ['getWorker', 'cordonWorker', 'uncordonWorker', 'drainWorker'] as const) {
        await expect(given.storage[verb](PROJECT, newWorkerId())).rejects.toMatchObject(notFound)
        await expect(given.storage[verb]('other', worker.id)).rejects.toMatchObject(notFound)
      }
      expect(await stateOf(worker)).toBe('active')
    })

    test('a cordoned worker claims nothing, until it is uncordoned', async () => {
      const { worker, task } = await startTask(given.storage)
      const waiting = await submitTask(given.storage, { type: task.type })
      expect(await cordon(worker)).toMatchObject({ id: worker.id, state: 'cordoned', running: [{ taskId: task.id }] })
      expect(await given.storage.claimTasks(claimBy(worker))).toEqual([])
      expect(await uncordon(worker)).toMatchObject({ state: 'active' })
      expect(await given.storage.claimTasks(claimBy(worker))).toMatchObject([{ taskId: waiting.id }])
    })

    test('a worker that drains claims nothing, and stays draining without tasks', async () => {
      const worker = await startWorker(given.storage)
      await submitTask(given.storage)
      expect(await drain(worker)).toMatchObject({ state: 'draining', running: [] })
      expect(await given.storage.claimTasks(claimBy(worker))).toEqual([])
      await given.storage.heartbeatWorker(worker.id, pulse())
      expect(await stateOf(worker)).toBe('draining')
    })

    test('the latest request replaces the earlier ones', async () => {
      const worker = await startWorker(given.storage)
      await drain(worker)
      expect(await cordon(worker)).toMatchObject({ state: 'cordoned' })
      expect(await drain(worker)).toMatchObject({ state: 'draining' })
      expect(await uncordon(worker)).toMatchObject({ state: 'active' })
      expect(await uncordon(worker)).toMatchObject({ state: 'active' })
    })

    test('notifies the worker of a request, which the next heartbeat returns', async () => {
      const worker = await startWorker(given.storage)
      const notified: string[] = []
      const stop = await databaseWakeups(given.db).on('asked', (detail) => notified.push(detail))
      const steps = [
        [cordon, 'cordon'],
        [drain, 'drain'],
        [uncordon, null],
      ] as const
      for (const [index, [act, request]] of steps.entries()) {
        await act(worker)
        await eventually(() => notified.length > index)
        expect(await given.storage.heartbeatWorker(worker.id, pulse())).toMatchObject({ request })
      }
      await stop()
      expect(notified).toEqual([worker.id, worker.id, worker.id])
    })

    test('a worker that continues under a new id inherits the request of the old id', async () => {
      const old = await startWorker(given.storage)
      await cordon(old)
      await stopTime(given.db, 60_000)
      await given.storage.markWorkersLost(await given.storage.listSilentWorkers(10_000))
      const fresh = await startWorker(given.storage, { replaces: old.id })
      expect(await stateOf(fresh)).toBe('cordoned')
      expect(await stateOf(await startWorker(given.storage, { replaces: newWorkerId() }))).toBe('active')
      expect(await stateOf(await startWorker(given.storage))).toBe('active')
    })

    test('a worker does not inherit the request of a worker in another project', async () => {
      const stranger = await startWorker(given.storage, { project: 'other' })
      await given.storage.cordonWorker('other', stranger.id)
      expect(await stateOf(await startWorker(given.storage, { replaces: stranger.id }))).toBe('active')
    })

    test('rejects requests to a worker that is lost or stopped', async () => {
      const [lost, stopped] = [await startWorker(given.storage), await startWorker(given.storage)]
      await given.storage.deregisterWorker(stopped.id)
      await stopTime(given.db, 60_000)
      await given.storage.markWorkersLost(await given.storage.listSilentWorkers(10_000))
      const conflict = { code: 'WORKER_STATE_CONFLICT' }
      for (const act of [cordon, uncordon, drain]) {
        await expect(act(lost)).rejects.toMatchObject(conflict)
        await expect(act(stopped)).rejects.toMatchObject(conflict)
      }
      await expect(drain(lost)).rejects.toMatchObject({
        message: `Cannot drain worker ${lost.id}: it is lost`,
        details: { id: lost.id, verb: 'drain', state: 'lost' },
      })
      expect(await stateOf(stopped)).toBe('stopped')
    })

    test('a worker is silent after two missed heartbeats until its next one, also when it is cordoned', async () => {
      const worker = await startWorker(given.storage)
      await stopTime(given.db, 2_000)
      expect(await stateOf(worker)).toBe('active')
      await stopTime(given.db, 2_001)
      expect(await stateOf(worker)).toBe('silent')
      expect(await cordon(worker)).toMatchObject({ state: 'silent' })
      await given.storage.heartbeatWorker(worker.id, pulse())
      expect(await stateOf(worker)).toBe('cordoned')
    })

    test('a worker that reports draining stays draining when it is cordoned', async () => {
      const worker = await startWorker(given.storage)
      await given.storage.heartbeatWorker(worker.id, pulse({ state: 'draining' }))
      expect(await cordon(worker)).toMatchObject({ state: 'draining' })
    })
  })
}

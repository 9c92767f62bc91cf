import type { WorkerIntroduction } from '@taskflow/fleet'
import {
  claimBy,
  emptyDatabase,
  engines,
  newTask,
  newTaskId,
  PROJECT,
  submissionOf,
  useStorage,
} from '@taskflow/testing'
import { script } from '@taskflow/testing/raw-sql'
import { BELIEFS, rowsRead } from '@taskflow/testing/rows-read'
import { settle, startTask, startWorker, submitTask, taskInState, VERDICTS } from '@taskflow/testing/task-in-state'
import { beforeEach, describe, expect, test } from 'vitest'
import type { TaskId } from '../domain/task.ts'
import { claimTasksById } from '../statements/claim-tasks-by-id.ts'

const LASTING_BELIEFS = Object.keys(BELIEFS) as (keyof typeof BELIEFS)[]

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))

    const claim = async (worker: WorkerIntroduction, ids: readonly TaskId[], max = 100) => {
      const leases = await given.storage.claimTasks(claimBy(worker, { ids, max }))
      return leases.map(({ taskId }) => taskId).sort()
    }

    test('gives the same as a claim of whatever waits', async () => {
      const options = {
        labels: { a: 'b' },
        retry: { baseMs: 1, factor: 2, maxMs: 3, jitter: 'full' },
        timeouts: { startToCloseMs: 5_000, scheduleToCloseMs: 60_000 },
      } as const
      const [first, second] = [await submitTask(given.storage, options), await submitTask(given.storage, options)]
      const worker = await startWorker(given.storage)
      const [byId] = await given.storage.claimTasks(claimBy(worker, { ids: [second.id] }))
      const [any] = await given.storage.claimTasks(claimBy(worker))
      expect([byId!.taskId, any!.taskId]).toEqual([second.id, first.id])
      const own = { taskId: '', leaseId: '', createdAt: '', closeInMs: 0, waitedMs: 0 }
      expect({ ...byId, ...own }).toEqual({ ...any, ...own })
      expect(await given.storage.getTask(PROJECT, second.id)).toMatchObject({
        state: 'running',
        attempt: 1,
        workerId: worker.id,
        startedAt: expect.any(Date),
      })
    })

    test('takes those that were named and no other, once', async () => {
      const tasks = []
      for (let index = 0; index < 5; index++) tasks.push((await submitTask(given.storage)).id)
      const wanted = [tasks[3]!, tasks[1]!]
      const worker = await startWorker(given.storage)
      expect(await claim(worker, wanted)).toEqual(wanted.toSorted())
      expect(await claim(worker, wanted)).toEqual([])
      expect(await claim(worker, [])).toEqual([])
      expect(await claim(worker, [tasks[0]!, tasks[0]!])).toEqual([tasks[0]])
    })

    test('takes no more than asked for, the smallest ranks first', async () => {
      const low = await submitTask(given.storage, { priority: 'low' })
      const normal = await submitTask(given.storage)
      const critical = await submitTask(given.storage, { priority: 'critical' })
      const ids = [low.id, normal.id, critical.id]
      const worker = await startWorker(given.storage)
      expect(await claim(worker, ids, 1)).toEqual([critical.id])
      expect(await claim(worker, ids, 1)).toEqual([normal.id])
      expect(await claim(worker, ids, 1)).toEqual([low.id])
    })

    test('leaves what is not for this worker: another queue, type or project', async () => {
      const mine = await submitTask(given.storage, { queue: 'a', type: 'x' })
      const others = [
        await submitTask(given.storage, { queue: 'c', type: 'x' }),
        await submitTask(given.storage, { queue: 'a', type: 'z' }),
        await submitTask(given.storage, { queue: 'a', type: 'x', project: 'other' }),
      ]
      const worker = await startWorker(given.storage, { queues: ['a', 'b'], types: ['x', 'y'] })
      expect(
        await claim(
          worker,
          [...others, mine].map(({ id }) => id),
        ),
      ).toEqual([mine.id])
    })

    test('leaves what is not queued, and what is gone', async () => {
      const ids = [newTaskId()]
      for (const state of ['blocked', 'scheduled', 'running', 'waiting', 'retrying', 'succeeded'] as const) {
        ids.push((await taskInState(given, state, { type: 'test.echo' })).task.id)
      }
      expect(await claim(await startWorker(given.storage), ids)).toEqual([])
    })

    test('takes again what came back', async () => {
      const { task, worker, lease } = await startTask(given.storage)
      expect(await claim(worker, [task.id])).toEqual([])
      await settle(given.storage, lease, VERDICTS.rescue)
      expect(await claim(worker, [task.id])).toEqual([task.id])
    })

    test('gives no task to two of 20 workers that claim the same ids', async () => {
      const tasks = Array.from({ length: 100 }, () => newTask())
      await given.storage.submitTasks(submissionOf(...tasks))
      const ids = tasks.map(({ id }) => id)
      const workers = await Promise.all(Array.from({ length: 20 }, () => startWorker(given.storage)))
      const claimed = (await Promise.all(workers.map((worker) => claim(worker, ids, 10)))).flat()
      expect(new Set(claimed).size).toBe(claimed.length)
      const rest = (await Promise.all(workers.map((worker) => claim(worker, ids)))).flat()
      expect([...claimed, ...rest].sort()).toEqual(ids)
    })

    test('refuses a worker that is lost, unknown or stopped, or has a request to cordon or drain', async () => {
      const { id } = await submitTask(given.storage)
      const [lost, stopped, cordoned, draining] = [
        await startWorker(given.storage),
        await startWorker(given.storage),
        await startWorker(given.storage),
        await startWorker(given.storage),
      ]
      await script(given.db, `update worker set state = 'lost' where id = '${lost.id}'`)
      await given.storage.deregisterWorker(stopped.id)
      await given.storage.cordonWorker(PROJECT, cordoned.id)
      await given.storage.drainWorker(PROJECT, draining.id)
      for (const worker of [lost, stopped, cordoned, draining, { ...lost, id: newTaskId() as never }]) {
        await expect(claim(worker, [id])).rejects.toMatchObject({ code: 'WORKER_STATE_CONFLICT' })
      }
      expect((await given.storage.getTask(PROJECT, id)).state).toBe('queued')
    })

    test.each(LASTING_BELIEFS)('reads only the tasks of its ids, though the planner believes %s', async (belief) => {
      const tasks = Array.from({ length: 5_000 }, () => newTask())
      await given.storage.submitTasks(submissionOf(...tasks))
      await script(given.db, BELIEFS[belief])
      const { id } = await startWorker(given.storage)
      const ids = tasks.slice(100, 110).map((task) => task.id)
      const args = [
        `'${id}'`,
        `'{${ids.join(',')}}'`,
        `'{default}'`,
        `'{test.echo}'`,
        '10',
        `'0190a0b0-c0d0-7000-8000-'`,
        'null',
      ]
      expect(await rowsRead(given.db, claimTasksById, args, 'task')).toBe(10)
    })
  })
}

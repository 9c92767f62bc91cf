import { type Database, databaseWakeups } from '@taskflow/database'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { openStorage } from '@taskflow/rooms'
import { engines, eventually, newTaskId, PROJECT, pulse, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import {
  eventsOf,
  failure,
  settle,
  startTask,
  submitTask,
  taskInState,
  VERDICTS,
} from '@taskflow/testing/task-in-state'
import { describe, expect, test } from 'vitest'
import type { TaskState } from '../domain/task-state.ts'

const BY = { project: PROJECT, actor: 'key:ann' }
const WAITING: readonly TaskState[] = ['blocked', 'scheduled', 'queued', 'waiting', 'retrying']

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)

    test.each(WAITING)('P7: cancelling a %s task is final', async (state) => {
      const { task } = await taskInState(given, state)
      const cancelled = await given.storage.cancelTask(task.id, BY, 'not needed')
      expect(cancelled).toMatchObject({ state: 'cancelled', finishedAt: expect.any(Date), result: null })
      expect(cancelled.cancelRequestedAt).toEqual(cancelled.finishedAt)
      expect(await rowsOf(given.db, 'select 1 from task where id = $1', [task.id])).toEqual([])
    })

    test.each(['complete', 'fail'] as const)('is a conflict where the running task ends first (%s)', async (verb) => {
      const { task, lease } = await startTask(given.storage)
      let isEnding = false
      const db: Database = {
        ...given.db,
        async run(statement, params) {
          // Between the request and the read for the reply.
          if (statement.name === 'get_task' && !isEnding) {
            isEnding = true
            await settle(given.storage, lease, VERDICTS[verb])
          }
          return given.db.run(statement, params)
        },
      }
      const storage = openStorage({ db, events: given.events, retentionMs: 60_000 })
      await expect(storage.cancelTask(task.id, BY, null)).rejects.toMatchObject({ code: 'TASK_STATE_CONFLICT' })
      expect((await given.storage.getTask(PROJECT, task.id)).state).toBe(verb === 'complete' ? 'succeeded' : 'failed')
    })

    test('says that it was cancelled, and of a task that failed before also what of', async () => {
      const fresh = await submitTask(given.storage)
      const { task: retrying } = await taskInState(given, 'retrying')
      expect((await given.storage.cancelTask(fresh.id, BY, null)).error).toMatchObject({ reason: 'cancelled' })
      const { name, message } = failure
      expect((await given.storage.cancelTask(retrying.id, BY, null)).error).toEqual({
        name,
        message,
        reason: 'cancelled',
      })
    })

    test('P7: a cancel of a running task notifies its worker, and the reply to its heartbeat names the task', async () => {
      const { task, worker, lease } = await startTask(given.storage)
      const heard: string[] = []
      const stop = await databaseWakeups(given.db).on('asked', (detail) => heard.push(detail))
      const asked = await given.storage.cancelTask(task.id, BY, 'changed my mind')
      expect(asked).toMatchObject({ state: 'running', cancelRequestedAt: expect.any(Date) })
      await eventually(() => heard.includes(worker.id))
      await stop()
      expect(await given.storage.heartbeatWorker(worker.id, pulse())).toEqual({
        isAlive: true,
        cancelled: [task.id],
        request: null,
      })

      await settle(given.storage, lease, VERDICTS.cancel)
      expect(await given.storage.heartbeatWorker(worker.id, pulse())).toEqual({
        isAlive: true,
        cancelled: [],
        request: null,
      })
      expect((await given.storage.getTask(PROJECT, task.id)).state).toBe('cancelled')
    })

    test('asking twice is asking once', async () => {
      const { task, lease } = await startTask(given.storage)
      const first = await given.storage.cancelTask(task.id, BY, null)
      const second = await given.storage.cancelTask(task.id, BY, null)
      expect(second.cancelRequestedAt).toEqual(first.cancelRequestedAt)
      const events = await eventsOf(given.storage, task.id)
      expect(events.filter(({ kind }) => kind === 'task.cancelRequested')).toHaveLength(1)
      await settle(given.storage, lease, VERDICTS.cancel)
    })

    test('who cancelled and why is in the history', async () => {
      const task = await submitTask(given.storage)
      await given.storage.cancelTask(task.id, BY, 'it\'s "wrong"')
      const events = await eventsOf(given.storage, task.id)
      expect(events).toMatchObject([
        { kind: 'task.created' },
        { kind: 'task.cancelRequested', actor: 'key:ann', detail: { reason: 'it\'s "wrong"' } },
        { kind: 'task.cancelled' },
      ])
    })

    test('a finished task says that it cannot be cancelled and what it is', async () => {
      const { task } = await taskInState(given, 'succeeded')
      await expect(given.storage.cancelTask(task.id, BY, null)).rejects.toMatchObject({
        code: 'TASK_STATE_CONFLICT',
        message: `Cannot cancel task ${task.id}: it is succeeded`,
        details: { id: task.id, verb: 'cancel', state: 'succeeded' },
      })
    })

    test('an unknown task, or one of another project, is not found', async () => {
      const task = await submitTask(given.storage)
      await expect(given.storage.cancelTask(newTaskId(), BY, null)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
      const stranger = { project: 'other', actor: 'key:eve' }
      await expect(given.storage.cancelTask(task.id, stranger, null)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
      expect((await given.storage.getTask(PROJECT, task.id)).state).toBe('queued')
    })

    test('a concurrent cancellation and settlement run one after the other, and both return the true outcome', async () => {
      for (let round = 0; round < 20; round++) {
        const { task, lease } = await startTask(given.storage)
        const [cancelled, outcome] = await Promise.allSettled([
          given.storage.cancelTask(task.id, BY, null),
          settle(given.storage, lease, VERDICTS.release),
        ])
        const { state } = await given.storage.getTask(PROJECT, task.id)
        expect(cancelled.status).toBe('fulfilled')
        expect(outcome).toMatchObject({ value: expect.stringMatching(/^(settled|cancelled)$/) })
        expect(state).toBe('cancelled')
      }
    })

    test('emits an event in this process', async () => {
      const cancelled: TaskFlowEvents['task.cancelled'][0][] = []
      given.events.on('task.cancelled', (detail) => cancelled.push(detail))
      const { id } = await submitTask(given.storage)
      await given.storage.cancelTask(id, BY, null)
      expect(cancelled).toEqual([{ id }])
    })
  })
}

import { databaseWakeups } from '@taskflow/database'
import { engines, eventually, moveTime, newTaskId, PROJECT, useStorage } from '@taskflow/testing'
import {
  attemptsOf,
  claimOne,
  eventsOf,
  failure,
  settle,
  startTask,
  submitTask,
  taskInState,
  VERDICTS,
} from '@taskflow/testing/task-in-state'
import { afterEach, describe, expect, test } from 'vitest'

const BY = { project: PROJECT, actor: 'key:ann' }

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    afterEach(() => moveTime(given.db, 0))

    test('queues a failed task with its attempts counted from zero and all its options', async () => {
      const options = {
        priority: 'high',
        labels: { a: 'b' },
        title: 'a title',
        description: 'words',
        maxAttempts: 3,
        retry: { baseMs: 1, factor: 2, maxMs: 3, jitter: 'full' },
        timeouts: { startToCloseMs: 1_000 },
        retentionMs: 1_000_000,
      } as const
      const { task, lease } = await startTask(given.storage, options)
      await settle(given.storage, lease, VERDICTS.fail)
      const { createdAt } = await given.storage.getTask(PROJECT, task.id)
      const redriven = await given.storage.redriveTask(task.id, BY, null)
      expect(redriven).toMatchObject({
        ...options,
        state: 'queued',
        attempt: 0,
        crashCount: 0,
        error: null,
        result: null,
        payload: task.payload,
        createdAt,
        createdBy: task.createdBy,
        startedAt: null,
        finishedAt: null,
        workerId: null,
        cancelRequestedAt: null,
      })
    })

    test('gives an edited payload to the next attempt', async () => {
      const { task, lease, worker } = await startTask(given.storage)
      await settle(given.storage, lease, VERDICTS.fail)
      await given.storage.redriveTask(task.id, BY, '{"edited":true}')
      expect(await claimOne(given.storage, worker)).toMatchObject({ payload: '{"edited":true}', attempt: 1 })
    })

    test('keeps the attempts before, each with its end', async () => {
      const { task, lease, worker } = await startTask(given.storage)
      await settle(given.storage, lease, { ...VERDICTS.retry, delayMs: 0 })
      await given.storage.promoteTasks(1_000)
      await settle(given.storage, await claimOne(given.storage, worker), VERDICTS.fail)
      const before = await attemptsOf(given.storage, task.id)
      expect(before.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
        [1, 'failed'],
        [2, 'failed'],
      ])

      await given.storage.redriveTask(task.id, BY, null)
      expect(await attemptsOf(given.storage, task.id)).toEqual(before)
      await settle(given.storage, await claimOne(given.storage, worker), VERDICTS.complete)
      const after = await attemptsOf(given.storage, task.id)
      expect(after.slice(0, 2)).toEqual(before)
      expect(after[2]).toMatchObject({ attempt: 1, outcome: 'succeeded', error: null })
    })

    const ends = [
      ['complete', VERDICTS.complete, 'succeeded', null],
      ['cancel', VERDICTS.cancel, 'cancelled', VERDICTS.cancel.error],
      ['fail', VERDICTS.fail, 'failed', failure],
      [
        'a last timeout',
        { verb: 'fail', error: { ...failure, reason: 'timedOut' } },
        'timedOut',
        { reason: 'timedOut' },
      ],
      [
        'quarantine',
        { verb: 'fail', error: { ...failure, reason: 'quarantined' } },
        'rescued',
        { reason: 'quarantined' },
      ],
    ] as const
    test.each(ends)('lists the attempt that ended by %s alike before and after', async (_, verdict, outcome, error) => {
      const { task, lease } = await startTask(given.storage)
      await settle(given.storage, lease, verdict)
      const before = await attemptsOf(given.storage, task.id)
      expect(before).toMatchObject([{ outcome, error }])
      await given.storage.redriveTask(task.id, BY, null)
      expect(await attemptsOf(given.storage, task.id)).toEqual(before)
    })

    test('who redrove from what is in the history, and whether the payload was edited', async () => {
      const { task } = await taskInState(given, 'cancelled')
      await given.storage.redriveTask(task.id, BY, 'null')
      const events = await eventsOf(given.storage, task.id)
      expect(events.map(({ kind }) => kind)).toEqual(['task.created', 'task.cancelRequested', 'task.redriven'])
      expect(events[2]).toMatchObject({ actor: 'key:ann', detail: { from: 'cancelled', payloadEdited: true } })
    })

    test('the end of a task that never started is kept in its history', async () => {
      const task = await submitTask(given.storage, { timeouts: { scheduleToStartMs: 60_000 } })
      await moveTime(given.db, 120_000)
      await given.storage.expireTasks(1_000)
      const { finishedAt, error } = await given.storage.getTask(PROJECT, task.id)
      await given.storage.redriveTask(task.id, BY, null)
      const { detail } = (await eventsOf(given.storage, task.id)).at(-1)!
      expect(detail).toMatchObject({ from: 'failed', error, finishedAt: finishedAt?.toISOString() })
    })

    test('lists a failure that ended the task as a failure after a redrive', async () => {
      const { task, lease } = await startTask(given.storage)
      await settle(given.storage, lease, VERDICTS.fail)
      await given.storage.redriveTask(task.id, BY, null)
      const events = await eventsOf(given.storage, task.id)
      expect(events.map(({ kind }) => kind)).toEqual(['task.created', 'task.started', 'task.failed', 'task.redriven'])
    })

    test('starts without the progress of the run before', async () => {
      const { task, lease } = await startTask(given.storage)
      await given.storage.recordProgress([{ ...lease, id: newTaskId(), percent: 80, message: null }])
      await settle(given.storage, lease, VERDICTS.complete)
      expect((await given.storage.getTask(PROJECT, task.id)).progress).toMatchObject({ percent: 80 })
      expect((await given.storage.redriveTask(task.id, BY, null)).progress).toBeNull()
    })

    test('wakes those who wait for tasks', async () => {
      const heard: string[] = []
      const stop = await databaseWakeups(given.db).on('ready', (detail) => heard.push(detail))
      const { task } = await taskInState(given, 'cancelled', { delayMs: 3_600_000, queue: 'again' })
      await given.storage.redriveTask(task.id, BY, null)
      await eventually(() => heard.includes('again'))
      await stop()
    })

    test('refuses one of two concurrent redrives', async () => {
      const { task } = await taskInState(given, 'failed')
      const outcomes = await Promise.allSettled([1, 2].map(() => given.storage.redriveTask(task.id, BY, null)))
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    })

    test('refuses an unfinished task, and one that is gone', async () => {
      const { id } = await submitTask(given.storage)
      await expect(given.storage.redriveTask(id, BY, null)).rejects.toMatchObject({ code: 'TASK_STATE_CONFLICT' })
      await expect(given.storage.redriveTask(newTaskId(), BY, null)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
      const { task } = await taskInState(given, 'failed', { retentionMs: 60_000 })
      await moveTime(given.db, 120_000)
      await expect(given.storage.redriveTask(task.id, BY, null)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
    })
  })
}

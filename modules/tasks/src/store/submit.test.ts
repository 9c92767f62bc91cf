import { randomUUID } from 'node:crypto'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { emptyDatabase, engines, newTask, newTaskId, PROJECT, submissionOf, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { submitTask } from '@taskflow/testing/task-in-state'
import { beforeEach, describe, expect, test } from 'vitest'

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))

    const countTasks = async () => {
      const [row] = await rowsOf<{ tasks: number }>(given.db, 'select count(*) as tasks from task')
      return row?.tasks
    }

    test('stores an ordinary task as queued, with nothing that was not asked for', async () => {
      const task = await submitTask(given.storage)
      const stored = await given.storage.getTask(PROJECT, task.id)
      const { version, createdAt, queuedAt, ...rest } = stored
      expect(queuedAt).toEqual(createdAt)
      expect(version).not.toBe('')
      expect(rest).toEqual({
        id: task.id,
        options: null,
        project: PROJECT,
        type: task.type,
        queue: 'default',
        state: 'queued',
        priority: 'normal',
        payload: task.payload,
        result: null,
        error: null,
        attempt: 0,
        maxAttempts: 5,
        crashCount: 0,
        retry: null,
        timeouts: null,
        retentionMs: null,
        labels: {},
        title: null,
        description: null,
        runAt: null,
        createdBy: 'key:test',
        startedAt: null,
        finishedAt: null,
        cancelRequestedAt: null,
        workerId: null,
        progress: null,
      })
    })

    test.each([
      ['alone', () => []],
      ['among others', () => [newTask(), newTask({ type: 'test.other' })]],
    ])('gives every option back as it was given, %s', async (_, others) => {
      const options = {
        type: 'report."build"',
        queue: "it's; drop table task --",
        priority: 'critical',
        payload: '{ "text": "\\u0000 \\"quoted\\" {a,b} 👩‍🚀", "n": 1.10 , "big": 12345678901234567890 }',
        maxAttempts: 1,
        retry: { baseMs: 1, factor: 1.5, maxMs: 10, jitter: 'none' },
        timeouts: { scheduleToStartMs: 1_000, startToCloseMs: 2_000, scheduleToCloseMs: 3_000, heartbeatMs: 4_000 },
        retentionMs: 90 * 86_400_000,
        labels: { '': 'empty', 'with "quotes"': "it's", 'a.b': '{}', ключ: '值', back: '\\' },
        title: 'Größe "x" \\ {1,2} NULL',
        description: 'first line\nsecond\tline',
        createdBy: 'key:Jörg, "the" {submitter}',
      } as const
      const task = newTask(options)
      await given.storage.submitTasks(submissionOf(...others(), task))
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject(options)
    })

    test.each(['null', '0', '""', '[]', 'false'])('keeps the payload %s apart from none', async (payload) => {
      const task = await submitTask(given.storage, { payload })
      expect((await given.storage.getTask(PROJECT, task.id)).payload).toBe(payload)
    })

    test('schedules a task by its delay, counted from the moment it is stored', async () => {
      const task = await submitTask(given.storage, { delayMs: 60_000 })
      const { state, runAt, createdAt, queuedAt } = await given.storage.getTask(PROJECT, task.id)
      expect({ state, queuedAt }).toEqual({ state: 'scheduled', queuedAt: null })
      expect(runAt!.getTime() - createdAt.getTime()).toBe(60_000)
    })

    test('keeps apart what tasks that come together do not have in common', async () => {
      const tasks = Array.from({ length: 40 }, (_, index) =>
        newTask({
          type: `test.${index % 10}`,
          priority: index % 2 === 0 ? 'high' : 'low',
          payload: String(index),
          delayMs: index % 3 === 0 ? 60_000 : null,
          labels: index % 5 === 0 ? { index: String(index) } : null,
        }),
      )
      await given.storage.submitTasks(submissionOf(...tasks))
      const stored = await Promise.all(tasks.map(({ id }) => given.storage.getTask(PROJECT, id)))
      expect(stored).toMatchObject(
        tasks.map(({ type, priority, payload, delayMs, labels }) => ({
          type,
          priority,
          payload,
          state: delayMs === null ? 'queued' : 'scheduled',
          labels: labels ?? {},
        })),
      )
    })

    test('schedules a task by its run time, and queues it at once when that has passed', async () => {
      const later = await submitTask(given.storage, { runAt: new Date('2100-01-01T00:00:00.123Z') })
      const past = await submitTask(given.storage, { runAt: new Date('2000-01-01T00:00:00Z') })
      expect(await given.storage.getTask(PROJECT, later.id)).toMatchObject({ state: 'scheduled', runAt: later.runAt })
      expect(await given.storage.getTask(PROJECT, past.id)).toMatchObject({ state: 'queued', runAt: past.runAt })
    })

    test('stores a batch in one go and resolves with its ids in order', async () => {
      const tasks = Array.from({ length: 2_500 }, () => newTask())
      const { ids, replayed } = await given.storage.submitTasks(submissionOf(...tasks))
      expect({ ids, replayed }).toEqual({ ids: tasks.map(({ id }) => id), replayed: false })
      expect(await countTasks()).toBe(2_500)
    })

    test('stores nothing of a batch with one bad task', async () => {
      const tasks = [newTask(), newTask({ payload: 'not json' }), newTask()]
      await expect(given.storage.submitTasks(submissionOf(...tasks))).rejects.toThrow('json')
      expect(await countTasks()).toBe(0)
    })

    test('refuses an id that is taken', async () => {
      const { id } = await submitTask(given.storage)
      await expect(submitTask(given.storage, { id })).rejects.toThrow('task_pkey')
      expect(await countTasks()).toBe(1)
    })

    test('gathers submissions while one is in flight', async () => {
      const sizes: number[] = []
      const listener = ({ size }: TaskFlowEvents['batch.left'][0]) => sizes.push(size)
      given.events.on('batch.left', listener)
      await Promise.all(Array.from({ length: 200 }, () => submitTask(given.storage)))
      given.events.off('batch.left', listener)
      expect(sizes.reduce((sum, size) => sum + size)).toBe(200)
      expect(sizes.length).toBeLessThanOrEqual(3)
      expect(await countTasks()).toBe(200)
    })

    test('stores each of two large submissions under way together, or nothing of it', async () => {
      const large = (payload = '{}') =>
        submissionOf(newTask({ payload }), ...Array.from({ length: 999 }, () => newTask()))
      const outcomes = await Promise.allSettled(
        [large(), large('not json'), large()].map((each) => given.storage.submitTasks(each)),
      )
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(await countTasks()).toBe(2_000)
    })

    test('fails one bad task among many concurrent submissions alone', async () => {
      const payloads = Array.from({ length: 100 }, (_, index) => (index === 40 ? '{"broken":' : '{}'))
      const outcomes = await Promise.allSettled(payloads.map((payload) => submitTask(given.storage, { payload })))
      expect(outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([40])
      expect(await countTasks()).toBe(99)
    })

    test('emits what was submitted, by type and queue', async () => {
      const submitted: TaskFlowEvents['tasks.submitted'][0][] = []
      const type = randomUUID()
      given.events.on('tasks.submitted', (detail) => submitted.push(detail))
      await given.storage.submitTasks(submissionOf(newTask({ type }), newTask({ type }), newTask({ type, queue: 'b' })))
      expect(submitted).toEqual([
        { type, queue: 'default', count: 2 },
        { type, queue: 'b', count: 1 },
      ])
    })

    test('says who asks for a task of another project that there is none', async () => {
      const { id } = await submitTask(given.storage)
      const notFound = { code: 'TASK_NOT_FOUND' }
      await expect(given.storage.getTask('other', id)).rejects.toMatchObject(notFound)
      await expect(given.storage.getTask(PROJECT, newTaskId())).rejects.toMatchObject(notFound)
    })
  })
}

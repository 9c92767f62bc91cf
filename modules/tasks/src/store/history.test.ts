import { engines, moveTime, newTaskId, PROJECT, strangeLeaseId, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import {
  attemptsOf,
  claimOne,
  eventsOf,
  settle,
  startTask,
  submitTask,
  taskInState,
  VERDICTS,
} from '@taskflow/testing/task-in-state'
import { afterEach, describe, expect, test } from 'vitest'
import type { PlacedEvent } from '../domain/history.ts'
import type { Attempt, LogLine, TaskId } from '../domain/task.ts'
import type { NewLogLine } from '../ports/attempt-store.ts'
import type { PageAfter } from '../ports/task-store.ts'

const NOT_FOUND = { code: 'TASK_NOT_FOUND' }

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    afterEach(() => moveTime(given.db, 0))

    const kindsOf = async (id: TaskId) => (await eventsOf(given.storage, id)).map(({ kind }) => kind)

    test('lists the events of an ordinary task, which wrote no history', async () => {
      const { task, worker, lease } = await startTask(given.storage)
      await settle(given.storage, lease, VERDICTS.complete)
      expect(await eventsOf(given.storage, task.id)).toMatchObject([
        { kind: 'task.created', actor: task.createdBy, detail: { type: task.type, queue: task.queue } },
        { kind: 'task.started', actor: null, detail: { attempt: 1, workerId: worker.id } },
        { kind: 'task.succeeded', actor: null, detail: { attempt: 1 } },
      ])
      expect(await attemptsOf(given.storage, task.id)).toEqual([
        {
          id: lease.leaseId,
          attempt: 1,
          workerId: worker.id,
          startedAt: expect.any(Date),
          endedAt: expect.any(Date),
          outcome: 'succeeded',
          error: null,
        },
      ])
      const rows = await rowsOf(given.db, 'select 1 from task_event where task_id = $1', [task.id])
      expect(rows).toEqual([])
    })

    test('lists failures, snoozes and rescues in order', async () => {
      const { task, lease, worker } = await startTask(given.storage)
      let held = lease
      const steps = ['release', 'rescue', 'snooze', 'retry'] as const
      for (const [index, verb] of steps.entries()) {
        await moveTime(given.db, (index * 4 + 1) * 3_600_000)
        await settle(given.storage, held, VERDICTS[verb])
        await moveTime(given.db, (index * 4 + 3) * 3_600_000)
        await given.storage.promoteTasks(100)
        held = await claimOne(given.storage, worker)
      }
      expect(await attemptsOf(given.storage, task.id)).toMatchObject([
        { attempt: 1, outcome: 'released', error: null },
        { attempt: 1, outcome: 'rescued', error: { reason: 'crashed' } },
        { attempt: 1, outcome: 'snoozed', error: null },
        { attempt: 1, outcome: 'failed', error: VERDICTS.retry.error },
        { attempt: 2, outcome: 'running', endedAt: null, error: null },
      ])
      await settle(given.storage, held, VERDICTS.fail)
      expect(await kindsOf(task.id)).toEqual([
        'task.created',
        'task.started',
        'task.released',
        'task.started',
        'task.rescued',
        'task.started',
        'task.snoozed',
        'task.started',
        'task.retried',
        'task.started',
        'task.failed',
      ])
    })

    test('a task that never ran has no attempts', async () => {
      const { task } = await taskInState(given, 'cancelled')
      expect(await attemptsOf(given.storage, task.id)).toEqual([])
      expect(await kindsOf(task.id)).toEqual(['task.created', 'task.cancelRequested', 'task.cancelled'])
    })

    test('progress is on the task, and each step of it in the history', async () => {
      const { task, lease } = await startTask(given.storage)
      const { taskId, leaseId } = lease
      for (const [percent, message] of [
        [40, 'rows loaded'],
        [80.5, null],
      ] as const) {
        await given.storage.recordProgress([{ id: newTaskId(), taskId, leaseId, percent, message }])
      }
      const { progress } = await given.storage.getTask(PROJECT, task.id)
      expect(progress).toEqual({ percent: 80.5, at: expect.any(Date) })
      const events = await eventsOf(given.storage, task.id)
      expect(events.filter(({ kind }) => kind === 'task.progressed').map(({ detail }) => detail)).toEqual([
        { percent: 40, message: 'rows loaded' },
        { percent: 80.5 },
      ])
      await settle(given.storage, lease, VERDICTS.complete)
      expect((await given.storage.getTask(PROJECT, task.id)).progress).toEqual(progress)
    })

    test('shows the last of the updates that are stored at the same moment', async () => {
      const { task, lease } = await startTask(given.storage)
      const { taskId, leaseId } = lease
      const percents = Array.from({ length: 10 }, (_, index) => index * 10)
      await given.storage.recordProgress(
        percents.map((percent) => ({ id: newTaskId(), taskId, leaseId, percent, message: null })),
      )
      expect((await given.storage.getTask(PROJECT, task.id)).progress).toMatchObject({ percent: 90 })
      const events = await eventsOf(given.storage, task.id)
      expect(events.flatMap(({ kind, detail }) => (kind === 'task.progressed' ? [detail.percent] : []))).toEqual(
        percents,
      )
    })

    test('finds the last line of several tasks', async () => {
      const ids = [newTaskId(), newTaskId(), newTaskId()] as const
      const lines = [ids[0], ids[1], ids[0]].map((id) => ({
        ...line(0),
        id: newTaskId(),
        project: PROJECT,
        taskId: id,
      }))
      await given.storage.appendLogs(lines)
      expect(await given.storage.findLastLog([ids[1], ids[0]])).toBe(lines[2]!.id)
      expect(await given.storage.findLastLog([ids[1], ids[2]])).toBe(lines[1]!.id)
      expect(await given.storage.findLastLog([ids[2]])).toBeUndefined()
    })

    test('P3: progress with a lease that is not held is dropped', async () => {
      const { task, lease } = await startTask(given.storage)
      const update = { id: newTaskId(), taskId: task.id, percent: 1, message: null }
      await given.storage.recordProgress([{ ...update, leaseId: strangeLeaseId() }])
      await settle(given.storage, lease, VERDICTS.complete)
      await given.storage.recordProgress([{ ...update, leaseId: lease.leaseId }])
      expect((await given.storage.getTask(PROJECT, task.id)).progress).toBeNull()
    })

    /** Takes an attempt through each of the verbs in turn, an hour for each, with a note of progress in each. */
    async function startTaskWithHistory(verbs: readonly ('release' | 'rescue' | 'snooze' | 'retry')[]) {
      const { task, lease, worker } = await startTask(given.storage)
      let held = lease
      for (const [index, verb] of verbs.entries()) {
        await moveTime(given.db, (index * 4 + 1) * 3_600_000)
        const { taskId, leaseId } = held
        await given.storage.recordProgress([{ id: newTaskId(), taskId, leaseId, percent: index, message: null }])
        await settle(given.storage, held, VERDICTS[verb])
        await moveTime(given.db, (index * 4 + 3) * 3_600_000)
        await given.storage.promoteTasks(100)
        held = await claimOne(given.storage, worker)
      }
      return { task, lease: held }
    }

    type Read<Item> = (page: PageAfter) => Promise<readonly Item[] | undefined>

    /** Reads one item more than a page has, as routes do, to know whether there is a next page. */
    async function pagesOf<Item>(limit: number, read: Read<Item>, positionOf: (item: Item) => string): Promise<Item[]> {
      const items: Item[] = []
      for (;;) {
        const last = items.at(-1)
        const page = (await read({ limit: limit + 1, ...(last && { after: positionOf(last) }) })) ?? []
        items.push(...page.slice(0, limit))
        if (page.length <= limit) return items
      }
    }

    test.each([1, 2, 3, 7])('attempts and events come page by page, %i at a time', async (limit) => {
      const { task, lease } = await startTaskWithHistory(['snooze', 'release', 'retry', 'rescue'])
      await settle(given.storage, lease, VERDICTS.complete)
      const attempts = await pagesOf<Attempt>(
        limit,
        (page) => given.storage.listAttempts(PROJECT, task.id, page),
        (attempt) => attempt.id,
      )
      expect(attempts).toEqual(await attemptsOf(given.storage, task.id))
      expect(attempts).toHaveLength(5)
      const events = await pagesOf<PlacedEvent>(
        limit,
        (page) => given.storage.listEvents(PROJECT, task.id, page),
        (event) => event.cursor,
      )
      expect(events).toEqual(await given.storage.listEvents(PROJECT, task.id, { limit: 100 }))
      expect(events.map(({ kind }) => kind)).toEqual([
        'task.created',
        ...['snoozed', 'released', 'retried', 'rescued'].flatMap((end) => [
          'task.started',
          'task.progressed',
          `task.${end}`,
        ]),
        'task.started',
        'task.succeeded',
      ])
    })

    test('a page goes on behind the running attempt, which has become a record', async () => {
      const { task, lease } = await startTaskWithHistory(['snooze'])
      const started = (await given.storage.listEvents(PROJECT, task.id, { limit: 10 }))!.at(-1)!
      expect(started.kind).toBe('task.started')
      await settle(given.storage, lease, VERDICTS.release)
      const after = { limit: 10, after: started.cursor }
      expect(await given.storage.listEvents(PROJECT, task.id, after)).toMatchObject([{ kind: 'task.released' }])
      expect(await given.storage.listAttempts(PROJECT, task.id, { limit: 10, after: lease.leaseId })).toEqual([])
    })

    test('a task does not have the position of another', async () => {
      const [{ task }, other] = [await startTask(given.storage), await startTask(given.storage)]
      const page = { limit: 10, after: other.lease.leaseId }
      expect(await given.storage.listAttempts(PROJECT, task.id, page)).toBeUndefined()
      const events = await given.storage.listEvents(PROJECT, other.task.id, { limit: 10 })
      const after = events!.at(-1)!.cursor
      expect(await given.storage.listEvents(PROJECT, task.id, { limit: 10, after })).toBeUndefined()
    })

    const line = (index: number): LogLine => ({
      attempt: 1,
      at: new Date(1_700_000_000_000 + index),
      level: 'info',
      message: `line ${index} "quoted" 'n {all} 🚀`,
      fields: index % 2 === 0 ? null : `{"index":${index}}`,
    })

    const newLogLine = (taskId: TaskId, line: LogLine): NewLogLine => ({
      ...line,
      id: newTaskId(),
      project: PROJECT,
      taskId,
    })

    test('logs come back oldest first, page by page', async () => {
      const { task } = await startTask(given.storage)
      const lines = Array.from({ length: 25 }, (_, index) => line(index))
      const sent = lines.map((each) => newLogLine(task.id, each))
      for (const some of [sent.slice(20), sent.slice(0, 20)]) await given.storage.appendLogs(some)
      const read: LogLine[] = []
      for (let after: string | undefined; ; ) {
        const page = await given.storage.listLogs(PROJECT, task.id, { limit: 10, ...(after && { after }) })
        if (page.length === 0) break
        after = page.at(-1)?.cursor
        read.push(...page.map(({ cursor: _, ...rest }) => rest))
      }
      expect(read).toEqual(lines)
    })

    test('a line that is sent again is stored once', async () => {
      const { task } = await startTask(given.storage)
      const [first, second] = [newLogLine(task.id, line(0)), newLogLine(task.id, line(1))]
      await given.storage.appendLogs([first])
      await given.storage.appendLogs([first, second])
      expect(await given.storage.listLogs(PROJECT, task.id, { limit: 10 })).toMatchObject([line(0), line(1)])
    })

    test('a line of a task that is gone is no trouble', async () => {
      await given.storage.appendLogs([newLogLine(newTaskId(), line(0))])
    })

    test('no lines are no trouble', async () => {
      await given.storage.appendLogs([])
      await given.storage.recordProgress([])
    })

    test('shows nothing to another project', async () => {
      const { id } = await submitTask(given.storage)
      await expect(given.storage.listAttempts('other', id, { limit: 1 })).rejects.toMatchObject(NOT_FOUND)
      await expect(given.storage.listEvents('other', id, { limit: 1 })).rejects.toMatchObject(NOT_FOUND)
      await expect(given.storage.listLogs('other', id, { limit: 1 })).rejects.toMatchObject(NOT_FOUND)
      expect(await given.storage.listLogs(PROJECT, id, { limit: 1 })).toEqual([])
    })
  })
}

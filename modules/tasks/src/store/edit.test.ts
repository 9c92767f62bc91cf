import { databaseWakeups } from '@taskflow/database'
import { engines, eventually, newTaskId, PROJECT, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import {
  claimOne,
  eventsOf,
  settle,
  startTask,
  submitTask,
  taskInState,
  VERDICTS,
} from '@taskflow/testing/task-in-state'
import { describe, expect, test } from 'vitest'
import { type Priority, rankOf } from '../domain/priority.ts'
import { EDITABLE_STATES, TASK_STATES } from '../domain/task-state.ts'
import type { TaskEdit } from '../ports/task-store.ts'

const BY = { project: PROJECT, actor: 'key:ann' }
const LATER = new Date('2100-01-01T00:00:00.123Z')

const EDITS: readonly TaskEdit[] = [
  { payload: '{"edited": "yes", "n": 1.0}' },
  { queue: 'another' },
  { priority: 'critical' },
  { maxAttempts: 9 },
  { labels: { new: "it's", other: '"x"' } },
  { labels: {} },
  { title: 'Neuer Titel' },
  { title: null },
  { description: 'longer\ntext' },
  { description: null },
]

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    const original = { title: 'old', description: 'old', labels: { old: 'label' } }

    const rankOfRow = async (id: string) => {
      const [row] = await rowsOf<{ rank: Date }>(given.db, 'select rank from task where id = $1', [id])
      return row!.rank
    }

    test.each(EDITS.map((edit) => [JSON.stringify(edit), edit] as const))(
      'changes %s and nothing else',
      async (_, edit) => {
        const { id } = await submitTask(given.storage, original)
        const before = await given.storage.getTask(PROJECT, id)
        const after = await given.storage.editTask(id, edit, BY)
        expect(after).toEqual({ ...before, ...edit, version: after.version })
        expect(after.version).not.toBe(before.version)
      },
    )

    test.each(TASK_STATES)('edits a %s task only where it has not started', async (state) => {
      const { task } = await taskInState(given, state)
      const edit = given.storage.editTask(task.id, { title: 'edited' }, BY)
      if ((EDITABLE_STATES as readonly string[]).includes(state))
        expect(await edit).toMatchObject({ title: 'edited', state })
      else await expect(edit).rejects.toMatchObject({ code: 'TASK_STATE_CONFLICT', details: { id: task.id, state } })
    })

    test('moves a task in line with its priority, by the moment it waits since', async () => {
      const { id } = await submitTask(given.storage)
      const { queuedAt } = await given.storage.getTask(PROJECT, id)
      for (const priority of ['critical', 'low', 'normal'] as const satisfies Priority[]) {
        await given.storage.editTask(id, { priority }, BY)
        expect(await rankOfRow(id)).toEqual(rankOf(priority, queuedAt!))
      }
    })

    test('a title edited leaves a task that came back from a worker its place in line', async () => {
      const { task, lease } = await startTask(given.storage, { priority: 'high' })
      const place = await rankOfRow(task.id)
      await settle(given.storage, lease, VERDICTS.release)
      await given.storage.editTask(task.id, { title: 'edited' }, BY)
      expect(await rankOfRow(task.id)).toEqual(place)
    })

    test('a later run time schedules a queued task, and none queues it again', async () => {
      const { id } = await submitTask(given.storage, { priority: 'high' })
      const scheduled = await given.storage.editTask(id, { runAt: LATER }, BY)
      expect(scheduled).toMatchObject({ state: 'scheduled', runAt: LATER, queuedAt: null })
      expect(await rankOfRow(id)).toEqual(rankOf('high', LATER))

      const queued = await given.storage.editTask(id, { runAt: null }, BY)
      expect(queued).toMatchObject({ state: 'queued', runAt: null, queuedAt: expect.any(Date) })
      expect((await rankOfRow(id)).getTime()).toBeLessThanOrEqual(Date.now())
    })

    test('a run time that has passed queues a task at once', async () => {
      const { id } = await submitTask(given.storage, { delayMs: 3_600_000 })
      const runAt = new Date(Date.now() - 60_000)
      expect(await given.storage.editTask(id, { runAt }, BY)).toMatchObject({ state: 'queued', runAt })
    })

    test('an edit that leaves the run time alone leaves a task that retries waiting', async () => {
      const { task } = await taskInState(given, 'retrying')
      const before = await given.storage.getTask(PROJECT, task.id)
      const after = await given.storage.editTask(task.id, { priority: 'high' }, BY)
      expect(after).toMatchObject({ state: 'retrying', runAt: before.runAt, attempt: 1 })
      expect(await rankOfRow(task.id)).toEqual(rankOf('high', before.runAt!))
      expect(await given.storage.editTask(task.id, { runAt: null }, BY)).toMatchObject({ state: 'queued', attempt: 1 })
    })

    test('gives the edited task to the worker that it is now for', async () => {
      const { worker, lease } = await startTask(given.storage)
      await settle(given.storage, lease, VERDICTS.release)
      const { queue } = lease
      await given.storage.editTask(lease.taskId, { queue: 'elsewhere' }, BY)
      await expect(claimOne(given.storage, worker)).rejects.toThrow('Expected a task')
      await given.storage.editTask(lease.taskId, { queue, payload: '"new"' }, BY)
      expect(await claimOne(given.storage, worker)).toMatchObject({ payload: '"new"' })
    })

    test('wakes those who wait for tasks of the new queue, or for an earlier time', async () => {
      const received = { ready: [] as string[], due: [] as string[] }
      const wakeups = databaseWakeups(given.db)
      const stops = [
        await wakeups.on('ready', (detail) => received.ready.push(detail)),
        await wakeups.on('due', (detail) => received.due.push(detail)),
      ]
      const { id } = await submitTask(given.storage)
      await given.storage.editTask(id, { queue: 'moved' }, BY)
      await given.storage.editTask(id, { runAt: LATER }, BY)
      await eventually(() => received.ready.includes('moved') && received.due.length > 0)
      for (const stop of stops) await stop()
    })

    test('refuses an edit made from another version, and takes one made from this', async () => {
      const { id } = await submitTask(given.storage)
      const { version } = await given.storage.getTask(PROJECT, id)
      const edited = await given.storage.editTask(id, { title: 'first' }, BY, version)
      await expect(given.storage.editTask(id, { title: 'second' }, BY, version)).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
      })
      expect(await given.storage.editTask(id, { title: 'third' }, BY, edited.version)).toMatchObject({ title: 'third' })
    })

    test('loses none of many edits at once', async () => {
      const { id } = await submitTask(given.storage)
      const edits: TaskEdit[] = [
        { title: 't' },
        { description: 'd' },
        { priority: 'low' },
        { maxAttempts: 7 },
        { labels: { l: '1' } },
        { payload: '"p"' },
        { queue: 'q' },
        { runAt: LATER },
      ]
      await Promise.all(edits.map((edit) => given.storage.editTask(id, edit, BY)))
      expect(await given.storage.getTask(PROJECT, id)).toMatchObject(Object.assign({}, ...edits))
    })

    test('of many edits at once from one version, one is taken', async () => {
      const { id } = await submitTask(given.storage)
      const { version } = await given.storage.getTask(PROJECT, id)
      const outcomes = await Promise.allSettled(
        ['a', 'b', 'c', 'd'].map((title) => given.storage.editTask(id, { title }, BY, version)),
      )
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    })

    test('refuses fewer attempts than a task has used', async () => {
      const { task } = await taskInState(given, 'retrying')
      await expect(given.storage.editTask(task.id, { maxAttempts: 1 }, BY)).rejects.toMatchObject({
        code: 'TASK_INVALID',
      })
      expect(await given.storage.editTask(task.id, { maxAttempts: 2 }, BY)).toMatchObject({ maxAttempts: 2 })
    })

    test('who edited what is in the history', async () => {
      const { id } = await submitTask(given.storage)
      await given.storage.editTask(id, { title: 'x', priority: 'low' }, BY)
      const events = await eventsOf(given.storage, id)
      expect(events[1]).toMatchObject({
        kind: 'task.edited',
        actor: 'key:ann',
        detail: { fields: ['title', 'priority'] },
      })
    })

    test('does not find a task of another project, or none', async () => {
      const { id } = await submitTask(given.storage)
      const stranger = { project: 'other', actor: 'key:eve' }
      const notFound = { code: 'TASK_NOT_FOUND' }
      await expect(given.storage.editTask(id, { title: 'x' }, stranger)).rejects.toMatchObject(notFound)
      await expect(given.storage.editTask(newTaskId(), { title: 'x' }, BY)).rejects.toMatchObject(notFound)
    })
  })
}

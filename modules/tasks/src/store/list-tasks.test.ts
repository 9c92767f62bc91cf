import { randomBytes } from 'node:crypto'
import {
  claimBy,
  emptyDatabase,
  engines,
  moveTime,
  newTask,
  newTaskId,
  PROJECT,
  submissionOf,
  useStorage,
} from '@taskflow/testing'
import { settle, startWorker, submitTask, taskInState, VERDICTS } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Task, TaskId } from '../domain/task.ts'
import { TASK_STATES } from '../domain/task-state.ts'
import { type ListedTask, MAX_PAGE_BYTES, type Page, type TaskFilter } from '../ports/task-store.ts'

const BARE = { payload: false, result: false }

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))
    afterEach(() => moveTime(given.db, 0))

    const list = (filter: Partial<TaskFilter> = {}, page: Partial<Page> = {}) =>
      given.storage.listTasks({ project: PROJECT, ...filter }, { limit: 200, ...page }, BARE)
    const listIds = async (filter: Partial<TaskFilter> = {}, page: Partial<Page> = {}) =>
      idsOf(await list(filter, page))

    test('lists finished and unfinished tasks together, newest first', async () => {
      const ids = []
      for (const state of TASK_STATES) ids.push((await taskInState(given, state)).task.id)
      expect(await listIds()).toEqual(ids.reverse())
    })

    test.each(TASK_STATES.map((state) => [[state]]))('filters by the state %s', async (states) => {
      const ids = new Map<string, TaskId>()
      for (const state of TASK_STATES) ids.set(state, (await taskInState(given, state)).task.id)
      expect(await listIds({ states })).toEqual(states.map((state) => ids.get(state)))
    })

    test('filters by several states, finished, unfinished and unsuccessful ones', async () => {
      const ids = new Map<string, TaskId>()
      for (const state of TASK_STATES) ids.set(state, (await taskInState(given, state)).task.id)
      const newestFirst = (...states: readonly string[]) => states.map((state) => ids.get(state))
      expect(await listIds({ states: ['queued', 'succeeded'] })).toEqual(newestFirst('succeeded', 'queued'))
      expect(await listIds({ states: ['failed', 'cancelled'] })).toEqual(newestFirst('cancelled', 'failed'))
      expect(await listIds({ states: ['running', 'failed'] })).toEqual(newestFirst('failed', 'running'))
    })

    /** Each filter, with the options of a task that it finds and of one that it does not. */
    const filters = [
      [{ queue: 'a' }, { queue: 'a' }, { queue: 'A' }],
      [{ type: 'x.y' }, { type: 'x.y' }, { type: 'x.yz' }],
      [{ priority: 'critical' }, { priority: 'critical' }, { priority: 'high' }],
      [{ createdBy: 'key:a' }, { createdBy: 'key:a' }, { createdBy: 'key:b' }],
      [{ labels: { a: '1' } }, { labels: { a: '1', b: '2' } }, { labels: { a: '2' } }],
      [{ labels: { a: '1', b: '2' } }, { labels: { a: '1', b: '2' } }, { labels: { a: '1' } }],
      [{ labels: { "it's": '"' } }, { labels: { "it's": '"' } }, { labels: null }],
      [{ search: 'REPORT' }, { title: 'The report of May' }, { title: 'The rapport' }],
      [{ search: '50%' }, { description: 'at 50% off' }, { description: 'at 500 off' }],
      [{ search: 'a_b' }, { type: 'x.a_b' }, { type: 'x.acb' }],
      [{ search: 'c:\\d' }, { title: 'in c:\\d' }, { title: 'in c:d' }],
    ] as const
    for (const [filter, matching, other] of filters) {
      test(`filters by ${JSON.stringify(filter)}, before and after the end`, async () => {
        const found: TaskId[] = []
        for (const state of ['failed', 'succeeded', 'queued'] as const) {
          found.unshift((await taskInState(given, state, matching)).task.id)
          await taskInState(given, state, other)
        }
        expect(await listIds(filter)).toEqual(found)
        expect(await listIds({ ...filter, states: ['failed', 'cancelled'] })).toEqual([found[2]])
      })
    }

    test('applies all filters together', async () => {
      const options = {
        queue: 'a',
        type: 'x',
        priority: 'low',
        createdBy: 'key:a',
        labels: { l: '1' },
        title: 'words',
      } as const
      const { id } = await submitTask(given.storage, options)
      const different = {
        queue: 'b',
        type: 'y',
        priority: 'high',
        createdBy: 'key:b',
        labels: { l: '2' },
        title: 'no',
      } as const
      for (const key of Object.keys(options) as (keyof typeof options)[]) {
        await submitTask(given.storage, { ...options, [key]: different[key] })
      }
      const { title: search, ...filter } = options
      expect(await listIds({ ...filter, search, states: ['queued'] })).toEqual([id])
    })

    test('keeps projects apart', async () => {
      const { id } = await submitTask(given.storage, { project: 'mine' })
      await submitTask(given.storage, { project: 'yours' })
      expect(await listIds({ project: 'mine' })).toEqual([id])
    })

    test('bounds the time of creation to the millisecond: after is inclusive, before is not', async () => {
      const at = new Date('2026-05-05T12:00:00.500Z')
      const ids = [-1, 0, 1].map((ms) => idAt(new Date(at.getTime() + ms)))
      for (const id of ids) await submitTask(given.storage, { id })
      const [before, exact, after] = ids
      expect(await listIds({ createdAfter: at })).toEqual([after, exact])
      expect(await listIds({ createdBefore: at })).toEqual([before])
      expect(await listIds({ createdAfter: at, createdBefore: new Date(at.getTime() + 1) })).toEqual([exact])
      expect(await listIds({ createdBefore: at }, { before: exact! })).toEqual([before])
      expect(await listIds({ createdBefore: new Date('2100-01-01') }, { before: exact! })).toEqual([before])
    })

    test('pages without gaps or doubles while tasks finish and arrive', async () => {
      const { storage } = given
      const tasks = Array.from({ length: 100 }, () => newTask())
      await storage.submitTasks(submissionOf(...tasks))
      const worker = await startWorker(storage)
      const seen: TaskId[] = []
      for (let before: TaskId | undefined; ; ) {
        const ids = await listIds({}, { limit: 7, ...(before && { before }) })
        if (ids.length === 0) break
        seen.push(...ids)
        before = ids.at(-1)
        // Some of those already seen finish, and some of those to come.
        const leases = await storage.claimTasks(claimBy(worker, { max: 9 }))
        await Promise.all(leases.map((lease) => settle(storage, lease, VERDICTS.complete)))
        await submitTask(storage, { type: 'test.newcomer' })
      }
      expect(seen).toEqual(tasks.map(({ id }) => id).reverse())
    })

    test('brings no payload or result unless asked for', async () => {
      const { task } = await taskInState(given, 'succeeded')
      const { task: waiting } = await taskInState(given, 'queued')
      const { task: failed } = await taskInState(given, 'failed')
      const listed = async (include: { payload: boolean; result: boolean }, states?: Task['state'][]) =>
        (await given.storage.listTasks({ project: PROJECT, ...(states && { states }) }, { limit: 10 }, include)).map(
          ({ id, payload, result }) => ({ id, payload, result }),
        )
      const bare = [failed, waiting, task].map(({ id }) => ({ id, payload: 'null', result: null }))
      expect(await listed(BARE)).toEqual(bare)
      expect(await listed({ payload: true, result: true })).toEqual([
        { id: failed.id, payload: failed.payload, result: null },
        { id: waiting.id, payload: waiting.payload, result: null },
        { id: task.id, payload: task.payload, result: '{"done":true}' },
      ])
      expect(await listed({ payload: false, result: true })).toContainEqual({
        id: task.id,
        payload: 'null',
        result: '{"done":true}',
      })
      expect(await listed(BARE, ['failed'])).toEqual([bare[0]])
      expect(await listed({ payload: true, result: true }, ['failed'])).toEqual([
        { id: failed.id, payload: failed.payload, result: null },
      ])
    })

    test('gives the tasks as single reads do', async () => {
      for (const state of TASK_STATES) await taskInState(given, state, { labels: { a: 'b' }, title: 't' })
      const listed = await given.storage.listTasks({ project: PROJECT }, { limit: 20 }, { payload: true, result: true })
      const read = await Promise.all(listed.map(({ id }) => given.storage.getTask(PROJECT, id)))
      expect(listed.map(({ fits, ...task }) => ({ task, fits }))).toEqual(read.map((task) => ({ task, fits: true })))
    })

    describe('where payloads and results fill the page', () => {
      const EVERYTHING = { payload: true, result: true }
      const share = Math.ceil(MAX_PAGE_BYTES / 4)
      const dense = JSON.stringify('x'.repeat(share))
      // Random text is not compressed, so that the database knows its size without reading it.
      const sparse = JSON.stringify(randomBytes(share / 2).toString('hex'))
      const fitting = (tasks: readonly ListedTask[]) => tasks.map(({ fits }) => fits)
      const unread = (tasks: readonly ListedTask[]) =>
        tasks.filter(({ payload, result }) => payload === 'null' && result === null).length

      test.each([
        ['compressed', dense],
        ['uncompressed', sparse],
      ])('reads no more of them, if they are stored %s', async (_, payload) => {
        for (let count = 0; count < 6; count++) await submitTask(given.storage, { payload })
        const listed = await given.storage.listTasks({ project: PROJECT }, { limit: 20 }, EVERYTHING)
        expect(fitting(listed)).toEqual([true, true, true, true, false, false])
        expect(unread(listed)).toBe(2)
        const bare = await given.storage.listTasks({ project: PROJECT }, { limit: 20 }, BARE)
        expect(fitting(bare)).toEqual(Array(6).fill(true))
      })

      test.each([
        ['succeeded', undefined],
        ['failed', ['failed'] as Task['state'][]],
      ] as const)('counts payloads and results of tasks that are %s', async (state, states) => {
        const filter = { project: PROJECT, ...(states && { states }) }
        for (let count = 0; count < 6; count++) await taskInState(given, state, { payload: sparse })
        const listed = await given.storage.listTasks(filter, { limit: 20 }, EVERYTHING)
        expect(fitting(listed)).toEqual([true, true, true, true, false, false])
        const results = await given.storage.listTasks(filter, { limit: 20 }, { payload: false, result: true })
        expect(fitting(results)).toEqual(Array(6).fill(true))
      })

      test('reads one that is larger than a page', async () => {
        const payload = JSON.stringify('x'.repeat(MAX_PAGE_BYTES))
        for (let count = 0; count < 3; count++) await submitTask(given.storage, { payload })
        const listed = await given.storage.listTasks({ project: PROJECT }, { limit: 20 }, EVERYTHING)
        expect(fitting(listed)).toEqual([true, false, false])
      })
    })

    test('does not show tasks past their retention', async () => {
      const { task: short } = await taskInState(given, 'succeeded', { retentionMs: 60_000 })
      const { task: shortFailed } = await taskInState(given, 'failed', { retentionMs: 60_000 })
      const { task: long } = await taskInState(given, 'failed')
      expect(await listIds()).toEqual([long.id, shortFailed.id, short.id])
      await moveTime(given.db, 61_000)
      expect(await listIds()).toEqual([long.id])
      expect(await listIds({ states: ['failed'] })).toEqual([long.id])
      await expect(given.storage.getTask(PROJECT, short.id)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
    })

    test('finds which of many tasks have finished, of any project', async () => {
      const { task: done } = await taskInState(given, 'succeeded')
      const { task: other } = await taskInState(given, 'cancelled', { project: 'other' })
      const { task: waiting } = await taskInState(given, 'queued')
      const finished = await given.storage.findFinishedTasks([done.id, waiting.id, other.id, newTaskId()])
      expect(finished.sort()).toEqual([done.id, other.id])
    })
  })
}

const idsOf = (tasks: readonly Task[]): TaskId[] => tasks.map(({ id }) => id)

/** A task's id that says it was made at that time. */
function idAt(time: Date): TaskId {
  const ms = time.getTime().toString(16).padStart(12, '0')
  return `${ms.slice(0, 8)}-${ms.slice(8)}${newTaskId().slice(13)}` as TaskId
}

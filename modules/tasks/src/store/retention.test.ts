import { EventEmitter } from 'node:events'
import { postgresDatabase } from '@taskflow/database'
import { openStorage } from '@taskflow/rooms'
import {
  claimBy,
  type Engine,
  emptyDatabase,
  engines,
  moveTime,
  newTaskId,
  PROJECT,
  useStorage,
  within,
} from '@taskflow/testing'
import { rowsOf, script } from '@taskflow/testing/raw-sql'
import {
  attemptsOf,
  eventsOf,
  settle,
  startTask,
  startWorker,
  type submitTask,
  taskInState,
  VERDICTS,
} from '@taskflow/testing/task-in-state'
import { beforeEach, describe, expect, test } from 'vitest'
import type { TaskId } from '../domain/task.ts'

const DAY = 86_400_000
const TABLES = ['finished_task', 'task_attempt', 'task_event', 'task_log']
const BY = { project: PROJECT, actor: 'key:test' }

for (const engine of engines()) {
  describe(engine.name, () => {
    // Kept for seven days unless they say otherwise.
    const given = useStorage(engine)
    beforeEach(async () => {
      await moveTime(given.db, 0)
      await emptyDatabase(given.db)
      await script(given.db, dropAllDays)
    })

    const partitions = async () => {
      const rows = await rowsOf<{ name: string }>(
        given.db,
        `select relname as name from pg_class join pg_inherits on inhrelid = pg_class.oid
         where relkind = 'r' and relname ~ '\\d{8}$' order by relname`,
      )
      return rows.map(({ name }) => name)
    }
    const after = async (days: number) => {
      await moveTime(given.db, days * DAY)
      return (await given.storage.applyRetention()).droppedPartitions
    }
    const homeOf = async (table: string, id: TaskId) => {
      const key = table === 'finished_task' ? 'id' : 'task_id'
      const rows = await rowsOf<{ home: string }>(
        given.db,
        `select distinct tableoid::regclass::text as home from ${table} where ${key} = $1`,
        [id],
      )
      return rows.map(({ home }) => home)
    }

    test('makes the partitions of today and three days ahead, once', async () => {
      expect(await after(0)).toEqual([])
      const days = [0, 1, 2, 3].map(dayName)
      expect(await partitions()).toEqual(TABLES.flatMap((table) => days.map((day) => `${table}_${day}`)))
      await given.storage.applyRetention()
      expect(await partitions()).toHaveLength(TABLES.length * 4)
    })

    test('makes each day ahead as the days pass', async () => {
      await after(0)
      await after(2)
      expect(await partitions()).toContain(`finished_task_${dayName(5)}`)
    })

    test('a task, its attempts, events and logs are stored in the partition of its day', async () => {
      await after(0)
      const id = await eventfulTask()
      for (const table of TABLES) expect(await homeOf(table, id)).toEqual([`${table}_${dayName(0)}`])
    })

    test('rows of a day that had no partition move in when it is made', async () => {
      const id = await eventfulTask()
      for (const table of TABLES) expect(await homeOf(table, id)).toEqual([`${table}_default`])
      await after(0)
      for (const table of TABLES) expect(await homeOf(table, id)).toEqual([`${table}_${dayName(0)}`])
      expect(await attemptsOf(given.storage, id)).toHaveLength(2)
    })

    test('drops a day once all of it is past retention, and not before', async () => {
      await after(0)
      const id = await eventfulTask()
      expect(await after(6.9)).toEqual([])
      expect(await given.storage.getTask(PROJECT, id)).toMatchObject({ state: 'succeeded' })
      expect(await after(8)).toEqual([dayName(0)])
      expect((await partitions()).filter((name) => name.endsWith(dayName(0)))).toEqual([])
      await expect(given.storage.getTask(PROJECT, id)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
      for (const table of TABLES) expect(await homeOf(table, id)).toEqual([])
    })

    test('drops every day that is over, also after a long sleep', async () => {
      await after(0)
      expect(await after(30)).toEqual([0, 1, 2, 3].map(dayName))
    })

    test('a task with a longer retention outlives its day, with all its rows, and then goes', async () => {
      await after(0)
      const id = await eventfulTask({ retentionMs: 20 * DAY })
      const before = await readAll(id)
      await after(10)
      expect(await readAll(id)).toEqual(before)
      for (const table of TABLES) expect(await homeOf(table, id)).toEqual([`${table}_default`])
      await after(21)
      for (const table of TABLES) expect(await homeOf(table, id)).toEqual([])
    })

    test('what outlives a day is found without reading the day', async () => {
      await after(0)
      await eventfulTask()
      const kept = await eventfulTask({ retentionMs: 20 * DAY })
      const part = `finished_task_${dayName(0)}`
      const [made] = await rowsOf<{ kept_after: string }>(
        given.db,
        `select kept_after::text from partition_day where day = '${dayName(0)}'`,
      )
      const search = `select id from ${part} where keep_until > '${made?.kept_after}'`
      expect(await rowsOf(given.db, search)).toEqual([{ id: kept }])
      const plan = await rowsOf<{ 'QUERY PLAN': string }>(given.db, `explain ${search}`)
      expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toContain(`${part}_kept`)
    })

    test('a day stays as long as very many of its tasks are kept longer', async () => {
      await after(0)
      const last = await manyKept(50_001, 20 * DAY)
      expect(await after(10)).toEqual([1, 2].map(dayName))
      expect(await homeOf('finished_task', last)).toEqual([`finished_task_${dayName(0)}`])
      await script(given.db, `delete from finished_task where id = '${last}'`)
      expect(await after(10)).toEqual([dayName(0)])
      expect(await rowsOf(given.db, 'select count(*)::integer as kept from finished_task_default')).toEqual([
        { kept: 50_000 },
      ])
    })

    test('a day whose tasks were once to be kept longer stays as long as they were promised', async () => {
      await after(0)
      const id = await eventfulTask()
      const shorter = openStorage({ db: given.db, events: new EventEmitter(), retentionMs: DAY })
      await moveTime(given.db, 5 * DAY)
      expect((await shorter.applyRetention()).droppedPartitions).toEqual([])
      expect(await given.storage.getTask(PROJECT, id)).toMatchObject({ state: 'succeeded' })
      await moveTime(given.db, 8 * DAY)
      expect((await shorter.applyRetention()).droppedPartitions).toContain(dayName(0))
    })

    // PGlite has one connection: nobody can wait for another.
    if (engine.kind === 'postgres')
      test('nobody waits behind it for somebody who reads long', async () => {
        await after(0)
        const other = openSecond(engine, given)
        await given.db.transaction(async (tx) => {
          await tx.script('select from finished_task')
          await moveTime(other.db, 8 * DAY)
          await expect(within(5_000, other.storage.applyRetention(), 'it to give up')).rejects.toMatchObject({
            code: '55P03',
          })
        })
        expect((await other.storage.applyRetention()).droppedPartitions).toEqual([dayName(0)])
        await other.close()
      })

    test('an unfinished task keeps its attempts, events and logs however old it is', async () => {
      await after(0)
      const { task, lease } = await startTask(given.storage)
      await log(task.id)
      await settle(given.storage, lease, VERDICTS.retry)
      await given.storage.editTask(task.id, { title: 'kept' }, BY)
      await after(30)
      expect(await attemptsOf(given.storage, task.id)).toMatchObject([{ outcome: 'failed' }])
      expect((await eventsOf(given.storage, task.id)).map(({ kind }) => kind)).toContain('task.edited')
      expect(await given.storage.listLogs(PROJECT, task.id, { limit: 10 })).toHaveLength(1)

      // Its end finds no partition of its day, and its retention counts from there.
      await given.storage.cancelTask(task.id, BY, null)
      await after(36)
      expect(await attemptsOf(given.storage, task.id)).toHaveLength(1)
      await after(38)
      for (const table of TABLES) expect(await homeOf(table, task.id)).toEqual([])
    })

    test('a task that is redriven after its day was dropped lives on', async () => {
      await after(0)
      const id = await eventfulTask({ retentionMs: 20 * DAY })
      await after(10)
      await given.storage.redriveTask(id, BY, null)
      expect(await attemptsOf(given.storage, id)).toHaveLength(2)
      expect((await given.storage.getTask(PROJECT, id)).state).toBe('queued')
    })

    test('ended workers and their minutes are forgotten, living ones are not', async () => {
      const living = await startWorker(given.storage)
      const stopped = await startWorker(given.storage)
      await given.storage.deregisterWorker(stopped.id)
      await after(1.1)
      expect((await given.storage.listWorkers(PROJECT, { limit: 9 })).map(({ id }) => id)).toEqual([living.id])
    })

    test('an ended worker is remembered as long as it holds a task that nobody has rescued', async () => {
      const { worker, lease } = await startTask(given.storage)
      await given.storage.deregisterWorker(worker.id)
      await after(2)
      expect(await given.storage.getWorker(PROJECT, worker.id)).toMatchObject({ state: 'stopped' })
      await settle(given.storage, lease, VERDICTS.rescue)
      await after(2)
      await expect(given.storage.getWorker(PROJECT, worker.id)).rejects.toMatchObject({ code: 'WORKER_NOT_FOUND' })
    })

    test('two may apply it at once, while tasks come and go', async () => {
      const other = openSecond(engine, given)
      await after(0)
      await moveTime(given.db, 9 * DAY)
      const busy = Promise.all(Array.from({ length: 10 }, () => taskInState(given, 'succeeded')))
      const rounds = await Promise.all([given.storage.applyRetention(), other.storage.applyRetention()])
      await busy
      await other.close()
      expect(rounds.flatMap(({ droppedPartitions }) => droppedPartitions).sort()).toEqual([0, 1].map(dayName))
      expect(await partitions()).toContain(`task_log_${dayName(12)}`)
    })

    /** Succeeded at its second attempt, with an event and a line of log. */
    async function eventfulTask(options: Parameters<typeof submitTask>[1] = {}): Promise<TaskId> {
      const { task, lease, worker } = await startTask(given.storage, options)
      await log(task.id)
      await settle(given.storage, lease, VERDICTS.release)
      await given.storage.editTask(task.id, { title: 'edited' }, BY)
      const [again] = await given.storage.claimTasks(claimBy(worker, { max: 1 }))
      await settle(given.storage, again!, VERDICTS.complete)
      return task.id
    }

    /** Finished today, all from one; resolves with one of them. */
    async function manyKept(count: number, retentionMs: number): Promise<TaskId> {
      const id = await eventfulTask({ retentionMs })
      const [{ columns } = { columns: '' }] = await rowsOf<{ columns: string }>(
        given.db,
        `select string_agg(attname, ', ') as columns from pg_attribute
         where attrelid = 'finished_task'::regclass and attnum > 0 and attname not in ('id', 'lease_id')`,
      )
      await script(
        given.db,
        `insert into finished_task (id, lease_id, ${columns})
         select overlay(id::text placing to_char(n, 'FM000000000000') from 25)::uuid, gen_random_uuid(), ${columns}
         from finished_task, generate_series(2, ${count}) as n where id = '${id}'`,
      )
      return id
    }

    const log = (taskId: TaskId) =>
      given.storage.appendLogs([
        {
          id: newTaskId(),
          project: PROJECT,
          taskId,
          attempt: 1,
          at: new Date(),
          level: 'info',
          message: 'a line',
          fields: null,
        },
      ])

    // The version of a row depends on where the row is stored, so it may change.
    const readAll = async (id: TaskId) => [
      { ...(await given.storage.getTask(PROJECT, id)), version: '' },
      await attemptsOf(given.storage, id),
      await eventsOf(given.storage, id),
      await given.storage.listLogs(PROJECT, id, { limit: 10 }),
    ]
  })
}

const dayName = (ahead: number): string =>
  new Date(Date.now() + ahead * DAY).toISOString().slice(0, 10).replaceAll('-', '')

const dropAllDays = `
  do $$ declare part text;
  begin
    for part in select relname from pg_class join pg_inherits on inhrelid = pg_class.oid
                where relkind = 'r' and relname ~ '\\d{8}$' loop
      execute format('drop table %I', part);
    end loop;
  end $$`

function openSecond(engine: Engine, given: ReturnType<typeof useStorage>) {
  const db = engine.kind === 'postgres' ? postgresDatabase({ url: given.url ?? '' }) : given.db
  const storage = openStorage({ db, events: new EventEmitter(), retentionMs: 7 * DAY })
  return { db, storage, close: async () => (engine.kind === 'postgres' ? db.close() : undefined) }
}

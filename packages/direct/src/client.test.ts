import { migrator } from '@taskflow/database'
import { allMigrations } from '@taskflow/rooms/migrations'
import { defineTask } from '@taskflow/sdk'
import type { Dispatch } from '@taskflow/tasks'
import {
  emptyDatabase,
  engines,
  eventually,
  openTestDatabase,
  openTransaction,
  PROJECT,
  useStorage,
} from '@taskflow/testing'
import { rowsOf, script } from '@taskflow/testing/raw-sql'
import { claimOne, startWorker } from '@taskflow/testing/task-in-state'
import { beforeEach, describe, expect, test } from 'vitest'
import { taskflowDirect } from './client.ts'

const buildReport = defineTask({
  type: 'report.build',
  queue: 'reports',
  run: async ({ customer }: { customer: string }) => ({ rows: customer.length }),
})

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))

    const client = () => taskflowDirect({ database: given.db })

    const storedIds = async () =>
      (await rowsOf<{ id: string }>(given.db, 'select id from task order by id')).map(({ id }) => id)

    test('stores a task by its definition, with its options and its creator', async () => {
      const taskflow = taskflowDirect({ database: given.db, project: 'acme', actor: 'shop' })
      const task = await taskflow.tasks.submit(buildReport, { customer: 'x' }, { priority: 'high' })
      expect(task).toMatchObject({
        type: 'report.build',
        queue: 'reports',
        priority: 'high',
        payload: { customer: 'x' },
      })
      expect(await given.storage.getTask('acme', task.id as never)).toMatchObject({ createdBy: 'shop' })
    })

    test('stores many tasks in chunks and returns their ids in order', async () => {
      const ids = await client().tasks.submitMany(
        Array.from({ length: 25 }, (_, payload) => ({ type: 'test.many', payload })),
        { chunkSize: 10 },
      )
      const rows = await rowsOf<{ id: string; payload: string }>(given.db, 'select id, payload from task')
      const payloads = new Map(rows.map(({ id, payload }) => [id, payload]))
      expect(ids.map((id) => payloads.get(id))).toEqual(Array.from({ length: 25 }, (_, index) => String(index)))
    })

    test('answers a repeated submission as before, also where its type has been announced since', async () => {
      const request = { idempotencyKey: 'order-7' }
      const submit = () => client().tasks.submit('test.replay', { n: 1 }, {}, request)
      const submitMany = () => client().tasks.submitMany([{ type: 'test.replay' }, { type: 'test.replay' }], request)
      const [task, ids] = [await submit(), await submitMany()]
      await given.storage.registerTaskTypes(PROJECT, [
        {
          type: 'test.replay',
          queue: 'others',
          priority: 'low',
          maxAttempts: 1,
          retry: null,
          timeouts: null,
          inputSchema: JSON.stringify({ type: 'object', required: ['more'] }),
        },
      ])
      expect([await submit(), await submitMany()]).toEqual([task, ids])
      await expect(client().tasks.submit('test.replay', { n: 2 }, {}, request)).rejects.toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
      })
    })

    test('keeps the chunks before a rejected one, whose error points to the invalid task', async () => {
      const tasks = [{ type: 'test.many' }, { type: 'test.many' }, { type: 'test.many' }, { type: '' }]
      await expect(client().tasks.submitMany(tasks, { chunkSize: 2 })).rejects.toMatchObject({
        code: 'REQUEST_MALFORMED',
        errors: [{ pointer: '/tasks/1/type' }],
      })
      expect(await storedIds()).toHaveLength(2)
    })

    test('rejects another request with a used key', async () => {
      const { tasks } = client()
      await tasks.submit('test.once', 1, {}, { idempotencyKey: 'k' })
      await expect(tasks.submit('test.once', 2, {}, { idempotencyKey: 'k' })).rejects.toMatchObject({
        name: 'TaskFlowApiError',
        code: 'IDEMPOTENCY_CONFLICT',
        status: 409,
      })
    })

    describe("in the caller's transaction", () => {
      test('a rollback leaves no task', async () => {
        const { tasks } = client()
        const tx = await openTransaction(given)
        await tasks.submit(buildReport, { customer: 'x' }, {}, { tx })
        await tasks.submitMany([{ type: 'test.many' }], { tx })
        await tasks.submit('test.once', 1, {}, { tx, idempotencyKey: 'rolled back' })
        await tx.rollback()
        expect(await storedIds()).toEqual([])
        const again = await tasks.submit('test.once', 2, {}, { idempotencyKey: 'rolled back' })
        expect(await storedIds()).toEqual([again.id])
      })

      test('a commit makes the task claimable and sends a wake-up', async () => {
        const wokenQueues: string[] = []
        const stop = await given.wakeups.on('ready', (queues) => wokenQueues.push(queues))
        const tx = await openTransaction(given)
        const { id } = await client().tasks.submit(buildReport, { customer: 'x' }, {}, { tx })
        await tx.query('select 1', [])
        // A wake-up of the test before may still arrive.
        expect(wokenQueues).not.toContain('reports')
        await tx.commit()
        await eventually(() => expect(wokenQueues).toContain('reports'))
        await stop()
        const worker = await startWorker(given.storage, { queues: ['reports'], types: ['report.build'] })
        expect(await claimOne(given.storage, worker)).toMatchObject({ taskId: id, payload: '{"customer":"x"}' })
      })

      test('a connection without a transaction is rejected, and nothing is stored', async () => {
        const query = (text: string) => rowsOf(given.db, text).then((rows) => ({ rows }))
        const submitted = client().tasks.submit('test.alone', 1, {}, { tx: { query } })
        await expect(submitted).rejects.toMatchObject({ name: 'TaskFlowApiError', code: 'TRANSACTION_NOT_OPEN' })
        expect(await storedIds()).toEqual([])
      })

      test('a rejected submission leaves the transaction unchanged', async () => {
        const { tasks } = client()
        await tasks.submit('test.once', 1, {}, { idempotencyKey: 'k' })
        const tx = await openTransaction(given)
        await expect(tasks.submit('', 1, {}, { tx })).rejects.toMatchObject({ code: 'REQUEST_MALFORMED' })
        await expect(tasks.submit('test.once', 2, {}, { tx, idempotencyKey: 'k' })).rejects.toMatchObject({
          code: 'IDEMPOTENCY_CONFLICT',
        })
        const { id } = await tasks.submit('test.fine', 1, {}, { tx })
        await tx.commit()
        expect(await storedIds()).toContain(id)
      })

      test('an error of the transaction itself is thrown unchanged', async () => {
        const tx = await openTransaction(given)
        await expect(tx.query('select no_such_column', [])).rejects.toThrow('no_such_column')
        await expect(client().tasks.submit('test.late', 1, {}, { tx })).rejects.toMatchObject({ code: '25P02' })
        await tx.rollback()
      })

      test('tables in another schema are found, and the search path is restored', async () => {
        await script(given.db, 'create schema elsewhere; alter table task set schema elsewhere')
        const taskflow = taskflowDirect({ database: given.db, schema: 'elsewhere, public' })
        const tx = await openTransaction(given)
        await tx.query(`select set_config('search_path', 'pg_temp', true)`, [])
        const both = await Promise.all([1, 2].map((each) => taskflow.tasks.submit('test.elsewhere', each, {}, { tx })))
        const { rows } = await tx.query(`select current_setting('search_path') as path`, [])
        await tx.commit()
        await script(given.db, 'alter table elsewhere.task set schema public; drop schema elsewhere')
        expect(rows).toEqual([{ path: 'pg_temp' }])
        expect(await storedIds()).toEqual(both.map(({ id }) => id))
      })

      test('moments that the caller’s driver returns as text are parsed', async () => {
        const tx = await openTransaction(given)
        const texts = {
          async query(text: string, values: unknown[]) {
            const { rows } = await tx.query(text, values)
            return { rows: rows.map((row) => Object.fromEntries(Object.entries(row as object).map(asText))) }
          },
        }
        const { createdAt } = await client().tasks.submit('test.text', 1, {}, { tx: texts })
        await tx.commit()
        const [row] = await rowsOf<{ created_at: Date }>(given.db, 'select created_at from task')
        expect(createdAt).toBe(row?.created_at.toISOString())
      })
    })

    describe('with a broker', () => {
      const clientWithBroker = () => {
        const published: Dispatch[] = []
        const broker = {
          name: 'redis' as const,
          publish: async (dispatches: readonly Dispatch[]) => void published.push(...dispatches),
        }
        return { published, taskflow: taskflowDirect({ database: given.db, broker }) }
      }

      test('queued tasks are published at once, and scheduled tasks are not', async () => {
        const { published, taskflow } = clientWithBroker()
        const { id } = await taskflow.tasks.submit(buildReport, { customer: 'x' }, { priority: 'high' })
        await taskflow.tasks.submit(buildReport, { customer: 'x' }, { delayMs: 60_000 })
        await taskflow.close()
        expect(published).toMatchObject([
          { taskId: id, project: PROJECT, queue: 'reports', type: 'report.build', priority: 'high' },
        ])
      })

      test('tasks of a transaction are published once, when the caller reports the commit', async () => {
        const { published, taskflow } = clientWithBroker()
        const tx = await openTransaction(given)
        const first = await taskflow.tasks.submit(buildReport, { customer: 'x' }, {}, { tx })
        const [second] = await taskflow.tasks.submitMany([{ type: 'test.many' }], { tx })
        await tx.commit()
        expect(published).toEqual([])
        taskflow.publish(tx)
        taskflow.publish(tx)
        await taskflow.close()
        expect(published.map(({ taskId }) => taskId)).toEqual([first.id, second])
      })

      test('a failure of the broker is passed to onError and fails no submission', async () => {
        const errors: unknown[] = []
        const broker = { name: 'redis' as const, publish: () => Promise.reject(new Error('unavailable')) }
        const taskflow = taskflowDirect({ database: given.db, broker, onError: (error) => errors.push(error) })
        const { id } = await taskflow.tasks.submit('test.unavailable')
        await taskflow.close()
        expect(await storedIds()).toEqual([id])
        expect(errors).toMatchObject([{ message: 'unavailable' }])
      })
    })
  })

  describe(`on a schema that is not this version's, ${engine.name}`, () => {
    const refusalOf = async (prepare: (db: Parameters<typeof migrator>[0]) => Promise<unknown>) => {
      const { db, drop } = await openTestDatabase(engine)
      try {
        await prepare(db)
        const error = await taskflowDirect({ database: db })
          .tasks.submit('test.refused')
          .catch((refusal: unknown) => refusal)
        return error as { code?: string; message?: string }
      } finally {
        await drop()
      }
    }

    test('submits nothing to a database without TaskFlow tables', async () => {
      expect(await refusalOf((db) => migrator(db, allMigrations()).down(0))).toMatchObject({ code: 'SCHEMA_OUTDATED' })
      const bare = (db: Parameters<typeof migrator>[0]) =>
        migrator(db, allMigrations())
          .down(0)
          .then(() => script(db, 'drop table schema_migration'))
      expect(await refusalOf(bare)).toMatchObject({
        code: 'SCHEMA_OUTDATED',
        message: 'The database has no TaskFlow tables: run `taskflow migrate` of this version first',
      })
    })

    test('names the first migration that is missing', async () => {
      expect(await refusalOf((db) => migrator(db, allMigrations()).down(3))).toMatchObject({
        code: 'SCHEMA_OUTDATED',
        message: expect.stringMatching(/lacks migration 0004_partitions and \d more: run `taskflow migrate`/),
      })
    })

    test('names a migration that it does not know', async () => {
      const addNewer = `insert into schema_migration (version, name, checksum) values (9999, 'future', '')`
      expect(await refusalOf((db) => script(db, addNewer))).toMatchObject({
        code: 'SCHEMA_UNKNOWN',
        message: expect.stringContaining('9999 (future)'),
      })
    })
  })
}

function asText([name, value]: [string, unknown]): [string, unknown] {
  return [name, value instanceof Date ? value.toISOString() : value]
}

import { execFileSync } from 'node:child_process'
import { EventEmitter } from 'node:events'
import type { WorkerIntroduction } from '@taskflow/fleet'
import type { Storage } from '@taskflow/rooms'
import { openStorage } from '@taskflow/rooms'
import { allMigrations } from '@taskflow/rooms/migrations'
import { nextDue } from '@taskflow/tasks/statements/next-due'
import {
  checkInvariants,
  claimBy,
  describeWith,
  engines,
  eventually,
  halfOpenProxy,
  newTask,
  newWorker,
  openTestDatabase,
  type PgbouncerServer,
  programFor,
  startPgbouncer,
  submissionOf,
  type TestDatabase,
} from '@taskflow/testing'
import { rowsOf, script } from '@taskflow/testing/raw-sql'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { Database } from './database.ts'
import { migrator } from './migrator.ts'
import { type PostgresSettings, postgresDatabase } from './postgres-database.ts'
import { statement } from './statement.ts'

const POOLERS = [
  { how: 'refuses settings at the start', ignoreStartupParameters: '' },
  { how: 'ignores settings at the start', ignoreStartupParameters: 'options,statement_timeout' },
]

// With few sessions for many clients, a transaction hardly ever runs in the session of the last one.
const SESSIONS = 2
const CLIENTS = 8

for (const engine of engines().filter(({ kind }) => kind === 'postgres'))
  for (const { how, ignoreStartupParameters } of POOLERS)
    describeWith(['pgbouncer'], `${engine.name} behind a PgBouncer that ${how}`, () => {
      let opened: TestDatabase
      let bouncer: PgbouncerServer
      let keepsStatements: boolean
      const open: Database[] = []
      beforeAll(async () => {
        opened = await openTestDatabase(engine)
        const program = programFor('pgbouncer')
        keepsStatements = carriesStatements(program)
        bouncer = await startPgbouncer(program, opened.url!, { ignoreStartupParameters, poolSize: SESSIONS })
      })
      afterEach(async () => {
        await Promise.all(open.splice(0).map((db) => db.close()))
      })
      afterAll(async () => {
        await bouncer.stop()
        await opened.drop()
      })

      function openThrough(given: Partial<PostgresSettings> = {}): { db: Database; notices: string[] } {
        const notices: string[] = []
        const { url } = bouncer
        const db = postgresDatabase({ url, onNotice: (sentence) => notices.push(sentence), ...given })
        open.push(db)
        return { db, notices }
      }

      const storageOn = (db: Database): Storage =>
        openStorage({ db, events: new EventEmitter(), retentionMs: 86_400_000 })

      test('reports once what it detected', async () => {
        const { db, notices } = openThrough()
        await Promise.all([1, 2, 3].map(() => rowsOf(db, 'select 1')))
        await db.transaction((tx) => tx.script('select 1'))
        const { host } = new URL(bouncer.url)
        expect(notices).toEqual([
          `${host} is a pooler: each transaction sets its own settings`,
          ...(keepsStatements ? [] : [`${host} does not keep prepared statements: each execution is planned again`]),
        ])
      })

      test('runs each lane under its settings, and leaves none of them in the session', async () => {
        const { db } = openThrough()
        const names = ['enable_seqscan', 'plan_cache_mode', 'synchronous_commit', 'statement_timeout']
        const columns = names.map((each) => `current_setting('${each}') as ${each}`).join(', ')
        const show = { name: 'show_settings', text: `select ${columns}`, columns: [] }
        expect(await db.run(statement({ ...show, lane: 'claim' }), [])).toEqual([
          {
            enable_seqscan: 'off',
            plan_cache_mode: 'force_generic_plan',
            synchronous_commit: 'off',
            statement_timeout: '5s',
          },
        ])
        const [read] = await db.run(statement({ ...show, name: 'show_settings_of_reads' }), [])
        expect(read).toMatchObject({ plan_cache_mode: 'force_custom_plan', synchronous_commit: 'on' })
        const other = new pg.Client({ connectionString: bouncer.url })
        await other.connect()
        const { rows } = await other.query(show.text)
        await other.end()
        expect(rows).toMatchObject([{ enable_seqscan: 'on', plan_cache_mode: 'auto', statement_timeout: '0' }])
      })

      test('prepares statements if the pooler keeps them', async () => {
        const { db } = openThrough()
        const names = await Promise.all(
          Array.from({ length: CLIENTS }, () =>
            rowsOf<{ name: string }>(db, 'select name, pg_sleep(0.02) from pg_prepared_statements'),
          ),
        )
        expect(names.every((rows) => rows.length > 0)).toBe(keepsStatements)
      })

      test('returns values unchanged', async () => {
        const { db } = openThrough()
        const at = new Date('2026-05-05T12:00:00.123Z')
        const rows = await rowsOf(
          db,
          `select $1::json as json, $2::bigint as bigint, $3::timestamptz[] as moments, $4::text[] as texts`,
          ['{ "b": 1 }', Number.MAX_SAFE_INTEGER, [at, null], ['a', null, 'com,ma']],
        )
        expect(rows).toEqual([
          { json: '{ "b": 1 }', bigint: Number.MAX_SAFE_INTEGER, moments: [at, null], texts: ['a', null, 'com,ma'] },
        ])
      })

      test('throws the error of each failed statement, and runs the next one', async () => {
        const { db } = openThrough({ poolSize: 1 })
        for (const _ of [1, 2, 3]) {
          await expect(rowsOf(db, 'select no_such_column')).rejects.toMatchObject({ code: '42703' })
          await expect(rowsOf(db, 'select 1 / $1::integer', [0])).rejects.toMatchObject({ code: '22012' })
        }
        expect(await rowsOf(db, 'select 1 as one')).toEqual([{ one: 1 }])
      })

      test('rolls back a transaction that throws', async () => {
        const { db } = openThrough()
        await script(db, 'create table scrap (text text)')
        const error = new Error('changed its mind')
        const work = db.transaction(async (tx) => {
          await tx.script(`insert into scrap values ('lost')`)
          throw error
        })
        await expect(work).rejects.toBe(error)
        expect(await rowsOf(db, 'select * from scrap')).toEqual([])
      })

      test('migrates up and down in its own schema, from many processes at once', async () => {
        const dbs = Array.from({ length: CLIENTS }, () => openThrough({ schema: 'own' }).db)
        const all = allMigrations().length
        expect((await Promise.all(dbs.map((db) => migrator(db, allMigrations()).up()))).flat()).toHaveLength(all)
        const [task] = await rowsOf<{ name: string }>(
          dbs[0]!,
          `select 'task'::regclass::oid = 'own.task'::regclass as is_own`,
        )
        expect(task).toEqual({ is_own: true })
        expect(await migrator(dbs[1]!, allMigrations()).down(0)).toHaveLength(all)
        expect(await migrator(dbs[2]!, allMigrations()).up()).toHaveLength(all)
      })

      test('many clients that share few sessions lose no task and repeat none', async () => {
        const stores = Array.from({ length: CLIENTS }, () => storageOn(openThrough().db))
        const workers = stores.map(() => newWorker({ slots: 7 }))
        const submitted: string[] = []
        const settled: string[] = []
        await Promise.all(
          stores.map(async (storage, client) => {
            await storage.registerWorker(workers[client]!, [])
            for (let round = 0; round < 10; round++) {
              const tasks = Array.from({ length: 5 }, () => newTask())
              const due = newTask({ delayMs: 1 })
              const shared = {
                project: due.project,
                tasks: [newTask()],
                idempotency: { key: `key-${round}`, requestHash: 'same' },
              }
              const results = await Promise.all([
                ...tasks.map((task) => storage.submitTasks(submissionOf(task))),
                storage.submitTasks(submissionOf(due)),
                storage.submitTasks(shared),
              ])
              submitted.push(...results.flatMap(({ ids, replayed }) => (replayed ? [] : ids)))
              settled.push(...(await claimAndSettle(storage, workers[client]!)))
            }
          }),
        )
        await eventually(async () => {
          await stores[0]!.promoteTasks(1_000)
          settled.push(...(await claimAndSettle(stores[1]!, workers[1]!)))
          return settled.length >= submitted.length
        })
        // All clients share the task of a round's key.
        expect(submitted).toHaveLength(CLIENTS * 10 * 6 + 10)
        expect(settled.toSorted()).toEqual(submitted.toSorted())
        expect(await checkInvariants(opened.db)).toEqual([])
      })

      test('does not listen through a pooler, and reports that once', async () => {
        const { db, notices } = openThrough()
        for (const _ of [1, 2]) {
          const stop = await db.listen('test_channel', () => {})
          await stop()
        }
        const { host } = new URL(bouncer.url)
        expect(notices.slice(-1)).toEqual([
          `Wake-ups arrive late, by polling, because ${host} is a pooler: set TASKFLOW_DATABASE_DIRECT_URL to the server's own address to receive them at once`,
        ])
        const channels = await Promise.all(
          Array.from({ length: CLIENTS }, () => rowsOf(db, 'select pg_listening_channels(), pg_sleep(0.02)')),
        )
        expect(channels.flat()).toEqual([])
      })

      test('receives wake-ups over the direct address', async () => {
        const { db } = openThrough({ directUrl: opened.url! })
        const received: string[] = []
        await db.listen('test_channel', (payload) => received.push(payload))
        await rowsOf(db, `select pg_notify('test_channel', 'payload')`)
        await eventually(() => received.length > 0)
        expect(received).toEqual(['payload'])
      })

      test('detects a pooler at the direct address', async () => {
        const { db, notices } = openThrough({ directUrl: `${bouncer.url}?application_name=x` })
        await db.listen('test_channel', () => {})
        expect(notices.at(-1)).toMatch(/^Wake-ups arrive late, by polling/)
      })

      test('replaces its connections when the network drops packets', async () => {
        const proxy = await halfOpenProxy(Number(new URL(bouncer.url).port))
        const { db } = openThrough({ url: Object.assign(new URL(bouncer.url), { port: String(proxy.port) }).href })
        const use = () => [rowsOf(db, 'select 1 as one'), db.run(nextDue, [])]
        await Promise.all(use())
        proxy.swallow()
        vi.useFakeTimers({ toFake: ['setTimeout'] })
        const outcomes = Promise.allSettled(use())
        await vi.advanceTimersByTimeAsync(12_000)
        vi.useRealTimers()
        const unavailable = { status: 'rejected', reason: { code: 'DATABASE_UNAVAILABLE' } }
        expect(await outcomes).toMatchObject([unavailable, unavailable])
        await Promise.all(use())
        await db.close()
        await proxy.close()
      })

      test('is unavailable while the pooler is down', async () => {
        const other = await startPgbouncer(programFor('pgbouncer'), opened.url!, { ignoreStartupParameters })
        const { db } = openThrough({ url: other.url })
        expect(await rowsOf(db, 'select 1 as one')).toEqual([{ one: 1 }])
        await other.stop()
        await expect(rowsOf(db, 'select 1')).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
        await expect(db.transaction(async () => {})).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
      })
    })

/** Returns whether PgBouncer keeps prepared statements by default, as it does since 1.24. */
function carriesStatements(program: string): boolean {
  const [, minor = ''] = /PgBouncer 1\.(\d+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' })) ?? []
  return Number(minor) >= 24
}

async function claimAndSettle(storage: Storage, worker: WorkerIntroduction): Promise<string[]> {
  const leases = await storage.claimTasks(claimBy(worker))
  const results = await storage.settleTasks(
    leases.map(({ taskId, leaseId }) => ({ taskId, leaseId, verdict: { verb: 'complete', result: '1' } })),
  )
  expect(results.every((result) => result === 'settled')).toBe(true)
  return leases.map(({ taskId }) => taskId)
}

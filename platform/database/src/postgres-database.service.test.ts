import { heartbeatWorker } from '@taskflow/fleet/statements/heartbeat-worker'
import { listOrphanedLeases } from '@taskflow/fleet/statements/list-orphaned-leases'
import { listSilentWorkers } from '@taskflow/fleet/statements/list-silent-workers'
import { markWorkersLost } from '@taskflow/fleet/statements/mark-workers-lost'
import { recordSettled } from '@taskflow/fleet/statements/record-settled'
import { findPrincipal } from '@taskflow/identity/statements/find-principal'
import { TRANSITIONS } from '@taskflow/tasks'
import { expireTasks } from '@taskflow/tasks/statements/expire-tasks'
import { finishTasks } from '@taskflow/tasks/statements/finish-tasks'
import { nextDue } from '@taskflow/tasks/statements/next-due'
import { promoteTasks } from '@taskflow/tasks/statements/promote-tasks'
import { type SubmitColumns, submitTasks } from '@taskflow/tasks/statements/submit-tasks'
import {
  engines,
  eventually,
  freePort,
  halfOpenProxy,
  newTaskId,
  openTestDatabase,
  PROJECT,
  type TestDatabase,
} from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Database } from './database.ts'
import { type PostgresSettings, postgresDatabase } from './postgres-database.ts'
import { statement } from './statement.ts'

const NOTHING_SUBMITTED = Array(23).fill('{}') as unknown as SubmitColumns
const NOTHING_FINISHED = ['{}', '{}', '{}', '{}', '{}', '{}', 0, []] as const
const moments = statement<readonly [], { began: Date; ended: Date }>({
  name: 'moments',
  lane: 'submit',
  columns: ['began', 'ended'],
  text: 'select statement_timestamp() as began, clock_timestamp() as ended',
})
const refused = statement<readonly [], never>({ name: 'refused', lane: 'submit', columns: [], text: 'select 1 / 0' })
const sleeping = statement<readonly [], never>({
  name: 'sleeping',
  lane: 'submit',
  columns: [],
  text: 'select pg_sleep(4)',
})
const UNAVAILABLE = { code: 'DATABASE_UNAVAILABLE' }

for (const engine of engines().filter(({ kind }) => kind === 'postgres')) {
  describe(engine.name, () => {
    let opened: TestDatabase
    let operator: pg.Client
    beforeAll(async () => {
      opened = await openTestDatabase(engine)
      operator = new pg.Client({ connectionString: opened.url })
      await operator.connect()
    })
    afterAll(async () => {
      await operator.end()
      await opened.drop()
    })

    /** Ends all sessions that TaskFlow has open, or those of one application name. */
    async function terminate(name = 'taskflow%'): Promise<number> {
      const { rowCount } = await operator.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like $1',
        [name],
      )
      return rowCount ?? 0
    }

    async function sessionsNamed(name: string): Promise<number> {
      const { rows } = await operator.query(
        'select 1 from pg_stat_activity where datname = current_database() and application_name = $1',
        [name],
      )
      return rows.length
    }

    async function withDatabase<Result>(
      work: (db: Database) => Promise<Result>,
      settings: Partial<PostgresSettings> = {},
    ): Promise<Result> {
      const db = postgresDatabase({ url: opened.url!, ...settings })
      try {
        return await work(db)
      } finally {
        await db.close()
      }
    }

    test('a statement whose session is terminated throws DATABASE_UNAVAILABLE, and the next one succeeds', () =>
      withDatabase(async (db) => {
        const sleeping = rowsOf(db, 'select pg_sleep(30)')
        const outcome = sleeping.then(
          () => undefined,
          (error: unknown) => error,
        )
        await eventually(async () => {
          const { rows } = await operator.query(
            `select 1 from pg_stat_activity where query like '%pg_sleep(30)%' and state = 'active' and pid <> pg_backend_pid()`,
          )
          return rows.length > 0
        })
        await terminate()
        expect(await outcome).toMatchObject({ ...UNAVAILABLE, cause: expect.any(Error) })
        expect(await rowsOf(db, 'select 1 as one')).toEqual([{ one: 1 }])
      }))

    test('a lane sends the next statement while the previous one runs, and runs it afterwards', async () => {
      const proxy = await halfOpenProxy(portOf(opened.url!))
      const url = Object.assign(new URL(opened.url!), { host: `127.0.0.1:${proxy.port}` }).href
      try {
        await withDatabase(
          async (db) => {
            const both = () => Promise.all([db.run(moments, []), db.run(moments, [])])
            await both()
            proxy.slow(200)
            const [[first], [second]] = await both()
            const pauseMs = second!.began.getTime() - first!.ended.getTime()
            expect(pauseMs).toBeGreaterThanOrEqual(0)
            // Less than a round trip.
            expect(pauseMs).toBeLessThan(200)
          },
          { url },
        )
      } finally {
        await proxy.close()
      }
    })

    test('a failed statement of a lane does not affect others in flight', () =>
      withDatabase(async (db) => {
        const statements = [moments, refused, moments, refused, moments]
        const outcomes = await Promise.allSettled(statements.map((statement) => db.run(statement, [])))
        expect(outcomes.map(({ status }) => status)).toEqual(
          statements.map((statement) => (statement === refused ? 'rejected' : 'fulfilled')),
        )
        await db.run(moments, [])
      }))

    test('all statements in flight on a lane throw when its session is terminated, and the next one succeeds', () =>
      withDatabase(async (db) => {
        const outcomes = Promise.allSettled([db.run(sleeping, []), db.run(moments, [])])
        await eventually(async () => {
          const { rows } = await operator.query(
            `select 1 from pg_stat_activity where query like '%pg_sleep(4)%' and state = 'active' and pid <> pg_backend_pid()`,
          )
          return rows.length > 0
        })
        await terminate()
        expect(await outcomes).toMatchObject([{ reason: UNAVAILABLE }, { reason: UNAVAILABLE }])
        await db.run(moments, [])
      }))

    test('a transaction whose session is terminated throws and leaves no changes', () =>
      withDatabase(async (db) => {
        const work = db.transaction(async (tx) => {
          await tx.script(`insert into task_type (project, type, updated_at) values ('${PROJECT}', 'lost', now())`)
          await terminate()
          await tx.script('select 1')
        })
        await expect(work).rejects.toMatchObject(UNAVAILABLE)
        expect(await rowsOf(db, 'select 1 from task_type')).toEqual([])
        await db.transaction((tx) => tx.script('select 1'))
      }))

    test('terminated idle sessions are replaced without an error, on every lane', () =>
      withDatabase(async (db) => {
        const use = async () => {
          await db.run(findPrincipal, ['no such hash'])
          await db.run(finishTasks, NOTHING_FINISHED)
          await db.run(submitTasks, NOTHING_SUBMITTED)
        }
        await use()
        expect(await terminate('taskflow')).toBeGreaterThanOrEqual(3)
        await eventually(() =>
          use().then(
            () => true,
            (error: { code: string }) => {
              expect(error.code).toBe('DATABASE_UNAVAILABLE')
              return false
            },
          ),
        )
      }))

    test('heartbeats and duties continue while slow reads use every connection of the pool', () =>
      withDatabase(
        async (db) => {
          const reading = Promise.allSettled([1, 2].map(() => rowsOf(db, 'select pg_sleep(20)')))
          await eventually(async () => {
            const { rows } = await operator.query(
              `select 1 from pg_stat_activity where query = 'select pg_sleep(20)' and state = 'active'`,
            )
            return rows.length === 2
          })
          expect(await db.run(heartbeatWorker, [newTaskId(), 'active', 0, 0])).toEqual([])
          await db.run(recordSettled, [newTaskId(), [], [], [], []])
          await Promise.all([
            db.run(listSilentWorkers, [10_000]),
            db.run(listOrphanedLeases, [10]),
            db.run(markWorkersLost, [[], []]),
            db.run(promoteTasks, [TRANSITIONS.promote.from, 10]),
            db.run(nextDue, []),
            db.run(expireTasks, [TRANSITIONS.expire.from, 10, '{}', '{}', 0, []]),
          ])
          await terminate()
          await reading
        },
        { poolSize: 2 },
      ))

    test('a listener reconnects by itself and is then called once with an empty payload', () =>
      withDatabase(async (db) => {
        const received: string[] = []
        await db.listen('test_channel', (payload) => received.push(payload))
        for (let round = 1; round <= 2; round++) {
          expect(await terminate('taskflow listener')).toBe(1)
          await eventually(() => received.length === 2 * round - 1)
          await operator.query(`select pg_notify('test_channel', 'after')`)
          await eventually(() => received.length === 2 * round)
          expect(received.slice(-2)).toEqual(['', 'after'])
        }
      }))

    test('a channel that the server rejects leaves no session, and other channels work', () =>
      withDatabase(async (db) => {
        const none = async () => (await sessionsNamed('taskflow listener')) === 0
        for (const _ of [1, 2]) {
          await expect(db.listen('', () => {})).rejects.toMatchObject({ code: '42601' })
          await eventually(none)
        }
        const received: string[] = []
        await db.listen('test_channel', (payload) => received.push(payload))
        await expect(db.listen('', () => {})).rejects.toMatchObject({ code: '42601' })
        await operator.query(`select pg_notify('test_channel', 'still')`)
        await eventually(() => received.includes('still'))
        expect(await sessionsNamed('taskflow listener')).toBe(1)
      }))

    test('a statement that the server cancels throws QUERY_TOO_SLOW', () =>
      withDatabase(async (db) => {
        const slow = db.transaction((tx) => tx.script('set local statement_timeout = 10; select pg_sleep(5)'))
        await expect(slow).rejects.toMatchObject({ code: 'QUERY_TOO_SLOW', cause: { code: '57014' } })
      }))

    test('reads are planned for their own parameters', () =>
      withDatabase(async (db) => {
        expect(await rowsOf(db, 'show plan_cache_mode')).toEqual([{ plan_cache_mode: 'force_custom_plan' }])
      }))

    test('a prepared statement that its session lost is sent again, and statements are no longer prepared', async () => {
      const notices: string[] = []
      await withDatabase(
        async (db) => {
          const read = () => rowsOf(db, 'select name from pg_prepared_statements')
          expect(await read()).toHaveLength(1)
          await db.transaction((tx) => tx.script('deallocate all'))
          expect(await read()).toEqual([])
          expect(await db.transaction((tx) => tx.run(findPrincipal, ['no such hash']))).toEqual([])
        },
        { poolSize: 1, onNotice: (sentence) => notices.push(sentence) },
      )
      expect(notices).toEqual([
        `${new URL(opened.url!).host} does not keep prepared statements: each execution is planned again`,
      ])
    })

    test('a direct connection is not reported as a pooler', async () => {
      const notices: string[] = []
      await withDatabase((db) => rowsOf(db, 'select 1'), { onNotice: (sentence) => notices.push(sentence) })
      expect(notices).toEqual([])
    })

    test('a network that drops packets makes the database unavailable, and the next statement gets a new connection', async () => {
      const { port, swallow, close } = await halfOpenProxy(portOf(opened.url!))
      const url = new URL(opened.url!)
      url.host = `127.0.0.1:${port}`
      const db = postgresDatabase({ url: url.href })
      await db.run(findPrincipal, ['no such hash'])
      swallow()
      vi.useFakeTimers({ toFake: ['setTimeout'] })
      const outcome = expect(db.run(findPrincipal, ['no such hash'])).rejects.toMatchObject(UNAVAILABLE)
      await vi.advanceTimersByTimeAsync(20_000)
      await outcome
      vi.useRealTimers()
      expect(await db.run(findPrincipal, ['no such hash'])).toEqual([])
      await db.close()
      await close()
    })

    test('closing ends every session', async () => {
      const db = postgresDatabase({ url: opened.url! })
      await db.listen('test_channel', () => {})
      await Promise.all([1, 2, 3].map(() => rowsOf(db, 'select pg_sleep(0.01)')))
      await db.close()
      await eventually(async () => (await terminate()) === 0)
    })

    test('more statements at once than connections wait for a free one', () =>
      withDatabase(async (db) => {
        const outcomes = await Promise.all(
          Array.from({ length: 100 }, (_, n) => rowsOf(db, 'select $1::integer as n', [n])),
        )
        expect(outcomes.flat()).toEqual(Array.from({ length: 100 }, (_, n) => ({ n })))
      }))

    test('is unavailable without a server', async () => {
      const nowhere = new URL(opened.url!)
      nowhere.port = String(await freePort())
      const db = postgresDatabase({ url: nowhere.href })
      await expect(rowsOf(db, 'select 1')).rejects.toMatchObject(UNAVAILABLE)
      await expect(db.transaction(async () => {})).rejects.toMatchObject(UNAVAILABLE)
      await expect(db.listen('test_channel', () => {})).rejects.toMatchObject(UNAVAILABLE)
      await db.close()
    })
  })
}

const [oneEngine] = engines().filter(({ kind }) => kind === 'postgres')

if (oneEngine)
  test('everything works again within 15 s after the network dropped packets, for any statements in flight', async () => {
    const { url, drop } = await openTestDatabase(oneEngine)
    const { port, swallow, close } = await halfOpenProxy(portOf(url!))
    const through = Object.assign(new URL(url!), { host: `127.0.0.1:${port}` }).href
    const db = postgresDatabase({ url: through })
    const operator = postgresDatabase({ url: url! })
    const unavailable = (work: Promise<unknown>) => expect(work).rejects.toMatchObject(UNAVAILABLE)
    const read = () => db.run(findPrincipal, ['no such hash'])
    const onLanes: (() => Promise<unknown>)[] = [
      () => db.run(submitTasks, NOTHING_SUBMITTED),
      () => db.run(finishTasks, NOTHING_FINISHED),
      () => db.run(heartbeatWorker, [newTaskId(), 'active', 0, 0]),
      () => db.run(nextDue, []),
    ]
    const received: string[] = []
    await db.listen('test_channel', (payload) => received.push(payload))
    await Promise.all([...onLanes.map((run) => run()), ...[1, 2, 3, 4].map(() => rowsOf(db, 'select pg_sleep(0.1)'))])

    const swallowed = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const transaction = db.transaction(async (tx) => {
      await tx.script('select 1')
      begun.resolve()
      await swallowed.promise
      await tx.run(findPrincipal, ['no such hash'])
    })
    await begun.promise
    swallow()
    swallowed.resolve()

    const began = performance.now()
    await Promise.all([
      unavailable(transaction),
      // The first timeout also discards the connections that were idle.
      unavailable(read()).then(() => Promise.all([1, 2, 3, 4].map(read))),
      ...onLanes.map((run) => unavailable(run()).then(run)),
      eventually(() => received.length > 0, { timeoutMs: 15_000 }),
    ])
    await rowsOf(operator, `select pg_notify('test_channel', 'payload')`)
    await eventually(() => received.length > 1)
    expect(received).toEqual(['', 'payload'])
    expect(performance.now() - began).toBeLessThan(15_000)

    swallow()
    const endedAt = performance.now()
    await db.close()
    expect(performance.now() - endedAt).toBeLessThan(2_000)
    await Promise.all([operator.close(), close()])
    await drop()
  })

const portOf = (url: string): number => Number(new URL(url).port || 5432)

import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { eventually, handClock, nextEvents } from '@taskflow/testing'
import { machineBinaries } from '@taskflow/testing/postgres-binaries'
import { DURABLE_SETTINGS, type PostgresServer, startPostgres } from '@taskflow/testing/postgres-server'
import { rowsOf, script } from '@taskflow/testing/raw-sql'
import { serverUser } from '@taskflow/testing/server-user'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from './database.ts'
import { postgresDatabase } from './postgres-database.ts'
import { replicaDatabase } from './replica-database.ts'
import { replicaLag } from './statements/replica-lag.ts'

let primary: PostgresServer
let replica: PostgresServer
let onPrimary: Database
let onReplica: Database
beforeAll(async () => {
  const user = serverUser()
  const binaries = machineBinaries(user)
  if (!binaries) throw new Error('Expected a PostgreSQL on this machine')
  primary = await startPostgres(binaries, user, DURABLE_SETTINGS)
  replica = await primary.startReplica()
  onPrimary = postgresDatabase({ url: primary.url })
  onReplica = postgresDatabase({ url: replica.url })
  await script(onPrimary, 'create table scrap (text text)')
})
afterAll(async () => {
  await Promise.all([onPrimary.close(), onReplica.close()])
  await replica.stop()
  await primary.stop()
})

async function lagMs(): Promise<number> {
  const [row] = await onReplica.run(replicaLag, [])
  return row!.lag_ms
}

const countOn = async (db: Database): Promise<number> =>
  (await rowsOf<{ count: number }>(db, 'select count(*) from scrap'))[0]!.count

test('a replica lags only while it has changes to apply, not while there are no changes', async () => {
  await eventually(async () => (await countOn(onReplica).catch(() => undefined)) === 0)
  await eventually(async () => (await lagMs()) === 0)
  await rowsOf(onReplica, 'select pg_wal_replay_pause()')
  await eventually(async () => {
    const [row] = await rowsOf<{ state: string }>(onReplica, 'select pg_get_wal_replay_pause_state() as state')
    return row?.state === 'paused'
  })
  await script(onPrimary, `insert into scrap values ('paused')`)
  await eventually(async () => (await lagMs()) > 0)
  expect(await countOn(onReplica)).toBe(0)
  const before = await lagMs()
  expect(await lagMs()).toBeGreaterThan(before)
  await rowsOf(onReplica, 'select pg_wal_replay_resume()')
  await eventually(async () => (await lagMs()) === 0)
  expect(await countOn(onReplica)).toBe(1)
})

test('a replica lags while its primary is down', async () => {
  await primary.crash()
  await eventually(async () => (await lagMs()) > 0)
  await primary.start()
  await eventually(async () => (await lagMs()) === 0, { timeoutMs: 20_000 })
})

test('a primary does not lag', async () => {
  expect(await onPrimary.run(replicaLag, [])).toEqual([{ lag_ms: 0 }])
})

test('reads move to the primary when the replica crashes, and back when it has returned', async () => {
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const db = replicaDatabase({ primary: onPrimary, replica: onReplica, clock, events })
  const isOnReplica = async (): Promise<boolean> =>
    (await rowsOf<{ is_replica: boolean }>(db, 'select pg_is_in_recovery() as is_replica'))[0]!.is_replica
  expect(await isOnReplica()).toBe(true)

  const lost = nextEvents(events, 'database.lost')
  await replica.crash()
  expect(await isOnReplica()).toBe(false)
  expect(await lost).toEqual([{ database: 'replica' }])

  const returned = nextEvents(events, 'database.returned')
  await replica.start()
  expect(await isOnReplica()).toBe(false)
  await clock.advance(5_000)
  await eventually(async () => {
    if (await isOnReplica()) return true
    // The replica answers, but may not be connected to its primary yet.
    await clock.advance(5_000)
    return false
  })
  expect(await returned).toEqual([{ database: 'replica' }])
})

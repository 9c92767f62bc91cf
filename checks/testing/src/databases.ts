import { EventEmitter } from 'node:events'
import { openAsBlob } from 'node:fs'
import type { Database } from '@taskflow/database'
import { databaseWakeups, pgliteDatabase, postgresDatabase } from '@taskflow/database'
import type { TaskFlowEvents, Wakeups } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { openStorage } from '@taskflow/rooms'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { Engine } from './engines.ts'
import { checkInvariants } from './invariants.ts'
import { startPgbouncer } from './pgbouncer-server.ts'
import { cloneTemplate } from './postgres-template.ts'
import { rowsOf } from './raw-sql.ts'
import { programFor } from './services.ts'
import { tablesOf } from './tables.ts'

export interface TestDatabase {
  readonly db: Database
  /** Undefined where the database is not a PostgreSQL server. */
  readonly url: string | undefined
  drop(): Promise<void>
}

interface Way {
  /** Through a PgBouncer in transaction mode; word is listened to directly. */
  readonly isPooled?: boolean
}

/** A migrated, empty database of one's own. */
export async function openTestDatabase(engine: Engine, { isPooled = false }: Way = {}): Promise<TestDatabase> {
  if (engine.kind === 'pglite') {
    const db = await pgliteDatabase({ loadDataDir: await openAsBlob(engine.dumpFile) })
    return { db, url: undefined, drop: () => db.close() }
  }
  const { url, drop } = await cloneTemplate(engine.serverUrl, engine.template)
  const pooler = isPooled ? await startPgbouncer(programFor('pgbouncer'), url) : undefined
  const db = postgresDatabase({ url: pooler?.url ?? url, directUrl: url })
  return {
    db,
    url,
    async drop() {
      await db.close()
      await pooler?.stop()
      await drop()
    },
  }
}

export interface GivenStorage {
  readonly db: Database
  readonly storage: Storage
  readonly wakeups: Wakeups
  readonly events: EventEmitter<TaskFlowEvents>
  /** Undefined where the database is not a PostgreSQL server. */
  readonly url: string | undefined
}

const RETENTION_MS = 7 * 24 * 3_600_000

/**
 * A database for the tests of the enclosing `describe`, opened before them and dropped
 * after. The invariants are checked after each test. The result can be read once tests run:
 * write `given.storage`, do not destructure it outside a test.
 */
export function useStorage(engine: Engine, { checksInvariants = true, isPooled = false } = {}): GivenStorage {
  let opened: TestDatabase | undefined
  let storage: Storage | undefined
  const events = new EventEmitter<TaskFlowEvents>()

  beforeAll(async () => {
    opened = await openTestDatabase(engine, { isPooled })
    storage = openStorage({ db: opened.db, events, retentionMs: RETENTION_MS })
  })
  afterEach(async () => {
    if (opened && checksInvariants) expect(await checkInvariants(opened.db), 'violated invariants').toEqual([])
  })
  afterAll(() => opened?.drop())

  return {
    events,
    get db() {
      return orTooEarly(opened).db
    },
    get url() {
      return orTooEarly(opened).url
    },
    get wakeups() {
      return databaseWakeups(orTooEarly(opened).db)
    },
    get storage() {
      return orTooEarly(storage)
    },
  }
}

function orTooEarly<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('The database is opened before the first test: read it inside one')
  return value
}

/** Puts the database's clock ahead of the true time, for all its sessions; 0 puts it right. */
export async function moveTime(db: Database, aheadMs: number): Promise<void> {
  await db.transaction((tx) =>
    tx.script(`create or replace function clock_now() returns timestamptz
               language sql stable as 'select now() + interval ''${Math.trunc(aheadMs)} ms'''`),
  )
}

/** Has the database's clock stand still, so that no time passes but what a test lets pass; moveTime() sets it going again. */
export async function stopTime(db: Database, aheadMs = 0): Promise<void> {
  await db.transaction((tx) =>
    tx.script(`create or replace function clock_now() returns timestamptz
               language sql stable as 'select timestamptz ''2026-01-01Z'' + interval ''${Math.trunc(aheadMs)} ms'''`),
  )
}

/** For tests that need to be alone with what they stored. */
export async function emptyDatabase(db: Database): Promise<void> {
  // The days of the partitions stay, because the partitions stay.
  const tables = (await tablesOf(db)).filter((table) => table !== 'partition_day')
  const deletions = tables.map((table) => `deleted_${table} as (delete from ${table})`)
  await rowsOf(db, `with ${deletions.join(', ')} select`)
}

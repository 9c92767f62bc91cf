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
   * The oldest version whose processes may run on a schema with this migration: they know all migrations up to this
   * number. If absent, only processes that know this migration may. The ledger stores the number, because older
   * processes lack the file.
   */
  readonly suitsFrom?: number | undefined
}

export interface MigrationStatus {
  readonly version: number
  readonly name: string
  /** Null if the migration is not applied. */
  readonly appliedAt: Date | null
}

export interface Migrator {
  /** Applies all missing migrations, each in its own transaction, and resolves with their names. */
  up(): Promise<string[]>
  /**
   * Reverts all migrations above the version (0 for all) and resolves with their names. Data in dropped tables is lost.
   */
  down(toVersion: number): Promise<string[]>
  /** Lists the migrations that this version knows, then those of a newer version that are compatible with this one. */
  status(): Promise<MigrationStatus[]>
}

// Creates the schema that the search path names. With PostgreSQL's default search path, `public` exists.
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

// Runs as a script, which has no time limit: another process may be migrating.
const lockLedger = `select pg_advisory_xact_lock(hashtext('taskflow migrations'))`

// While a migration waits for a table lock behind a reader, every claim waits behind the migration. The limit is longer
// than deadlock_timeout (1 s), after which PostgreSQL cancels an autovacuum that holds the lock.
const boundLocks = `set local lock_timeout = '1500ms'`

// Lets the statements run that waited behind the migration. All tries together last about a minute.
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
  // Reads the column through JSON, because a ledger of an older version lacks it.
  text: `
    select version, name, checksum, applied_at, (to_jsonb(schema_migration) ->> 'suits_from')::integer as suits_from
    from schema_migration
    order by version`,
})

type Applied = readonly [version: number, name: string, checksum: string, suitsFrom: number | null]

const noteApplied = statement<Applied, never>({
  name: 'note_applied',
  columns: [],
  text: `insert into schema_migration (version, name, checksum, suits_from) values ($1, $2, $3, $4)`,
})

const noteUndone = statement<readonly [version: number], never>({
  name: 'note_undone',
  columns: [],
  text: `delete from schema_migration where version = $1`,
})

/**
 * Applies and reverts the migrations of the schema. Any number of processes may migrate at once: one applies each
 * migration, and the others find it applied.
 *
 * Its methods throw SCHEMA_UNKNOWN if the database has a migration that this version does not know or knows
 * differently, or a ledger of another program, and SCHEMA_BUSY if others hold locks on the tables for more than a minute.
 */
export function migrator(db: Database, migrations: readonly Migration[], clock: Clock = systemClock): Migrator {
  /** Returns whether all migrations are applied. Needs no right but to read, unlike the creation of the ledger. */
  async function isCurrent(): Promise<boolean> {
    const applied = await readIfThere(db)
    rejectUnknown(applied, migrations)
    return migrations.every(({ version }) => applied.some((row) => row.version === version))
  }

  /** Reads the ledger under its lock and does the work in the same transaction. */
  function locked<Result>(work: (tx: Transaction, applied: LedgerRow[]) => Promise<Result>): Promise<Result> {
    return db.transaction(async (tx) => {
      // Migrating a large table may take long.
      await tx.script('set local statement_timeout = 0')
      await tx.script(lockLedger)
      await tx.script(createLedger)
      await tx.script(boundLocks)
      const applied = await tx.run(readLedger, [])
      rejectUnknown(applied, migrations)
      return work(tx, applied)
    })
  }

  async function repeat(step: Step): Promise<string[]> {
    const done: string[] = []
    for (;;) {
      const name = await retryOnLock(step)
      if (name === undefined) return done
      done.push(name)
    }
  }

  /** Does one step. If a table lock is not available in time, rolls back and tries again after a pause. */
  async function retryOnLock(step: Step): Promise<string | undefined> {
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
    up: async () =>
      (await isCurrent())
        ? []
        : repeat(async (tx, applied) => {
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
        if (!migration) throw unknownMigration(last)
        await tx.script(migration.down)
        await tx.run(noteUndone, [last.version])
        return nameOf(migration)
      }),
    async status() {
      const applied = await readIfThere(db)
      rejectUnknown(applied, migrations)
      const newer = applied.filter((row) => !migrations.some(({ version }) => version === row.version))
      return [...migrations, ...newer].map(({ version, name }) => ({
        version,
        name,
        appliedAt: applied.find((row) => row.version === version)?.applied_at ?? null,
      }))
    },
  }
}

/** Applies or reverts one migration and resolves with its name, or with undefined if none is left. */
type Step = (tx: Transaction, applied: LedgerRow[]) => Promise<string | undefined>

const busy = (cause: unknown): TaskFlowError =>
  new TaskFlowError(
    'SCHEMA_BUSY',
    `Other sessions have held locks on the tables for too long: ${(cause as Error).message}`,
    { cause },
  )

interface Found {
  is_there: boolean
  /** False for a table of another program. */
  is_ours: boolean
  schema: string | null
  encoding: string
}

const findLedger = statement<readonly [], Found>({
  name: 'find_ledger',
  columns: ['is_there', 'is_ours', 'schema', 'encoding'],
  text: `
    select to_regclass('schema_migration') is not null as is_there,
           (select count(*) = 4 from pg_attribute
            where attrelid = to_regclass('schema_migration') and attname in ('version', 'name', 'checksum', 'applied_at'))
             as is_ours,
           current_schema() as schema, current_setting('server_encoding') as encoding`,
})

/**
 * Reads the ledger; a ledger that is missing is empty.
 *
 * @throws SCHEMA_UNKNOWN if another program has a table of its name, or the database cannot store every text
 */
async function readIfThere(db: Queryable): Promise<LedgerRow[]> {
  const [found] = await db.run(findLedger, [])
  if (found && found.encoding !== 'UTF8') throw wrongEncoding(found.encoding)
  if (!found?.is_there) return []
  if (found.is_ours) return db.run(readLedger, [])
  throw new TaskFlowError(
    'SCHEMA_UNKNOWN',
    `The schema ${found.schema} has a table schema_migration of another program: ` +
      'set TASKFLOW_DATABASE_SCHEMA to a schema for TaskFlow alone, which TaskFlow creates',
  )
}

const wrongEncoding = (encoding: string): TaskFlowError =>
  new TaskFlowError(
    'SCHEMA_UNKNOWN',
    `The database has the encoding ${encoding}, which cannot store every text: ` +
      'create one with `createdb --encoding=UTF8 --template=template0`, and correct TASKFLOW_DATABASE_URL',
  )

const findOwner = statement<readonly [], { is_owner: boolean }>({
  name: 'find_owner',
  columns: ['is_owner'],
  text: `select pg_has_role(relowner, 'USAGE') as is_owner from pg_class where oid = 'schema_migration'::regclass`,
})

/** Returns whether the role of the connection owns the tables, or is a member of the role that does. */
export async function ownsSchema(db: Queryable): Promise<boolean> {
  const [found] = await db.run(findOwner, [])
  return found?.is_owner === true
}

/**
 * Checks, without migrating, that the schema is that of this version or a newer one that is compatible with this
 * version.
 *
 * @throws SCHEMA_OUTDATED if migrations are missing, SCHEMA_UNKNOWN if the database has migrations that this version
 * does not know
 */
export async function requireSchema(db: Queryable, migrations: readonly Migration[]): Promise<void> {
  const applied = await readIfThere(db)
  rejectUnknown(applied, migrations)
  const missing = migrations.filter(({ version }) => !applied.some((row) => row.version === version))
  const [first] = missing
  if (!first) return
  const what = applied.length === 0 ? 'has no TaskFlow tables' : `lacks migration ${nameOf(first)}`
  const more = applied.length > 0 && missing.length > 1 ? ` and ${missing.length - 1} more` : ''
  throw new TaskFlowError(
    'SCHEMA_OUTDATED',
    `The database ${what}${more}: run \`taskflow migrate\` of this version first`,
  )
}

/**
 * Rejects a migration of a newer version that is not compatible with this one, and a migration that differs from its
 * file.
 */
function rejectUnknown(applied: readonly LedgerRow[], migrations: readonly Migration[]): void {
  const newest = migrations.at(-1)?.version ?? 0
  for (const row of applied) {
    const ours = migrations.find(({ version }) => version === row.version)
    if (!ours) {
      if (row.suits_from !== null && row.suits_from <= newest) continue
      throw unknownMigration(row)
    }
    if (checksumOf(ours) !== row.checksum) {
      throw new TaskFlowError(
        'SCHEMA_UNKNOWN',
        `Migration ${nameOf(ours)} differs from the one applied at ${row.applied_at.toISOString()}: ` +
          'restore its file as released',
      )
    }
  }
}

const unknownMigration = ({ version, name }: LedgerRow): TaskFlowError =>
  new TaskFlowError(
    'SCHEMA_UNKNOWN',
    `The database has migration ${version} (${name}), which this version does not know: run a newer version`,
  )

/**
 * Reads the migrations of these folders, in the order of their numbers. Each room has its own folder; the numbers form
 * one sequence over all folders.
 *
 * @throws Error if a file has a wrong name, a down file is missing, or two migrations have the same number
 */
export function readMigrations(folders: readonly string[]): Migration[] {
  const found = folders.flatMap(readFolder).sort((a, b) => a.version - b.version)
  const taken = found.find(({ version }, index) => found[index - 1]?.version === version)
  if (taken)
    throw new Error(`Migration ${nameOf(taken)} has the number of another migration: give it the next free number`)
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

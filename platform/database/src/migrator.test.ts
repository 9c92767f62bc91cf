import { systemClock } from '@taskflow/kernel'
import { allMigrations } from '@taskflow/rooms/migrations'
import { engines, eventually, openTestDatabase, openTransaction, type TestDatabase } from '@taskflow/testing'
import { describeSchema } from '@taskflow/testing/describe-schema'
import { rowsOf, script } from '@taskflow/testing/raw-sql'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from './database.ts'
import { type Migration, migrator, requireSchema } from './migrator.ts'
import { postgresDatabase } from './postgres-database.ts'

const migrations = allMigrations()
const names = migrations.map(({ version, name }) => `${String(version).padStart(4, '0')}_${name}`)
const next: Migration = {
  version: migrations.length + 1,
  name: 'extra',
  up: 'create table extra (id integer); create table more (id integer)',
  down: 'drop table extra; drop table more',
}

for (const engine of engines()) {
  describe(engine.name, () => {
    let opened: TestDatabase
    let db: Database
    beforeAll(async () => {
      opened = await openTestDatabase(engine)
      db = opened.db
    })
    afterAll(() => opened.drop())
    beforeEach(() => migrator(db, allMigrations()).up())

    test('down to 0 leaves only the ledger, and up again makes the same schema', async () => {
      const before = await describeSchema(db)
      expect(await migrator(db, allMigrations()).down(0)).toEqual(names.toReversed())
      expect(await tablesOf(db)).toEqual(['schema_migration'])
      expect(await functionsOf(db)).toEqual([])
      expect(await migrator(db, allMigrations()).up()).toEqual(names)
      expect(await describeSchema(db)).toBe(before)
    })

    test.each(migrations.map(({ version }) => version))(
      'down to %i and up again makes the same schema',
      async (version) => {
        const before = await describeSchema(db)
        await migrator(db, allMigrations()).down(version)
        await migrator(db, allMigrations()).up()
        expect(await describeSchema(db)).toBe(before)
      },
    )

    test('a second up does nothing, and the status has the time of each migration', async () => {
      expect(await migrator(db, allMigrations()).up()).toEqual([])
      await migrator(db, allMigrations()).down(migrations.length - 1)
      const status = await migrator(db, allMigrations()).status()
      expect(status.map(({ version, name }) => ({ version, name }))).toEqual(
        migrations.map(({ version, name }) => ({ version, name })),
      )
      expect(status.map(({ appliedAt }) => appliedAt instanceof Date)).toEqual(
        migrations
          .slice(1)
          .map(() => true)
          .concat(false),
      )
    })

    test('a migration that fails is rolled back, and earlier ones stay applied', async () => {
      const broken = { ...next, up: `${next.up}; select no_such_column` }
      await expect(migrator(db, [...migrations, broken]).up()).rejects.toThrow('no_such_column')
      expect(await tablesOf(db)).not.toContain('extra')
      expect(await migrator(db, allMigrations()).up()).toEqual([])
    })

    test('rejects a database that a newer version migrated', async () => {
      await migrator(db, [...migrations, next]).up()
      const sentence = `The database has migration ${next.version} (extra), which this version does not know: run a newer version`
      for (const act of [
        () => migrator(db, allMigrations()).up(),
        () => migrator(db, allMigrations()).down(0),
        () => migrator(db, allMigrations()).status(),
      ]) {
        await expect(act()).rejects.toThrow(sentence)
      }
      expect(await migrator(db, [...migrations, next]).down(migrations.length)).toEqual([
        `${String(next.version).padStart(4, '0')}_extra`,
      ])
    })

    test('accepts a compatible schema that a newer version migrated, and leaves it unchanged', async () => {
      const newer = migrator(db, [...migrations, { ...next, suitsFrom: migrations.length }])
      await newer.up()
      expect(await migrator(db, allMigrations()).up()).toEqual([])
      await requireSchema(db, allMigrations())
      expect((await migrator(db, allMigrations()).status()).at(-1)).toMatchObject({
        name: 'extra',
        appliedAt: expect.any(Date),
      })
      await expect(migrator(db, allMigrations()).down(0)).rejects.toThrow(
        'which this version does not know: run a newer version',
      )
      expect(await tablesOf(db)).toContain('extra')
      await newer.down(migrations.length)
    })

    test('rejects a schema that is compatible only with newer versions', async () => {
      const further: Migration = {
        version: next.version + 1,
        name: 'further',
        up: 'select',
        down: 'select',
        suitsFrom: next.version,
      }
      const newer = migrator(db, [...migrations, { ...next, suitsFrom: migrations.length }, further])
      await newer.up()
      await expect(migrator(db, allMigrations()).up()).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' })
      await expect(requireSchema(db, allMigrations())).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' })
      await newer.down(migrations.length)
    })

    test('accepts a ledger without the column suits_from, and rejects an unknown migration in it', async () => {
      await script(db, 'alter table schema_migration drop column suits_from')
      await requireSchema(db, allMigrations())
      expect(await migrator(db, allMigrations()).up()).toEqual([])
      await script(db, `insert into schema_migration (version, name, checksum) values (${next.version}, 'extra', '')`)
      await expect(migrator(db, allMigrations()).up()).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' })
      await script(db, `delete from schema_migration where version = ${next.version}`)
    })

    test('throws SCHEMA_BUSY if a lock is never available', async () => {
      const refused = Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' })
      let pauses = 0
      const patient = {
        ...systemClock,
        async sleep() {
          pauses++
        },
      }
      const locked: Database = { ...db, transaction: () => Promise.reject(refused) }
      await expect(migrator(locked, [...migrations, next], patient).up()).rejects.toMatchObject({ code: 'SCHEMA_BUSY' })
      expect(pauses).toBeGreaterThan(10)
    })

    test('rejects a migration that was edited after it was applied, by name', async () => {
      const [first, ...rest] = migrations
      const edited = [{ ...first!, up: `${first!.up}\n-- edited` }, ...rest]
      await expect(migrator(db, edited).up()).rejects.toThrow(
        /^Migration 0001_tasks differs from the one applied at \d{4}-.*Z: restore its file as released$/,
      )
    })

    test('data survives a migration up', async () => {
      await script(db, `insert into task_type (project, type, updated_at) values ('p', 't', now())`)
      await migrator(db, [...migrations, next]).up()
      expect(await rowsOf(db, 'select type from task_type')).toEqual([{ type: 't' }])
      await migrator(db, [...migrations, next]).down(migrations.length)
    })
  })
}

test('reads the oldest compatible migration from the first lines of a file', () => {
  expect(migrations.find(({ name }) => name === 'kept_longer')).toMatchObject({ version: 7, suitsFrom: 6 })
  expect(migrations.find(({ name }) => name === 'tasks')?.suitsFrom).toBeUndefined()
})

// Only one process can open a PGlite.
for (const engine of engines().filter((each) => each.kind === 'postgres')) {
  describe(`${engine.name}, several processes`, () => {
    test('several processes at once apply each migration once', async () => {
      const { url, drop } = await openTestDatabase(engine)
      const databases = [1, 2, 3].map(() => postgresDatabase({ url: url! }))
      await migrator(databases[0]!, allMigrations()).down(0)
      const applied = await Promise.all(databases.map((db) => migrator(db, allMigrations()).up()))
      expect(applied.flat().sort()).toEqual(names)
      for (const db of databases) await db.close()
      await drop()
    })

    test('a migration that waits for a table lets later statements pass, and is applied in the end', async () => {
      const opened = await openTestDatabase(engine)
      const { db, url, drop } = opened
      const reader = await openTransaction({ db, url })
      await reader.query('select from task', [])
      const widening = {
        ...next,
        up: 'alter table task add column extra text',
        down: 'alter table task drop column extra',
      }
      const migrating = migrator(db, [...migrations, widening]).up()
      await eventually(async () => (await waitingFor(db, 'task')) > 0, { what: 'the migration to wait' })
      // If the migration kept waiting, this read would time out after ten seconds.
      await rowsOf(db, 'select id from task')
      await reader.rollback()
      expect(await migrating).toEqual([`${String(next.version).padStart(4, '0')}_extra`])
      await drop()
    })

    test('reverting kept_longer locks the partitions in the same order as readers of all days', async () => {
      const opened = await openTestDatabase(engine)
      const { db, url, drop } = opened
      // Later migrations are reverted first: they lock the table as well.
      await migrator(db, allMigrations()).down(7)
      await script(db, 'select add_partition_day(current_date)')
      const [{ day } = { day: '' }] = await rowsOf<{ day: string }>(
        db,
        `select 'finished_task_' || day as day from partition_day`,
      )
      const reader = await openTransaction({ db, url })
      await reader.query(`select from ${day}`, [])
      const undoing = migrator(db, allMigrations()).down(6)
      await eventually(async () => (await waitingFor(db, day)) > 0, { what: 'the migration to wait' })
      await reader.query('lock table finished_task_default in access share mode nowait', [])
      await reader.rollback()
      expect(await undoing).toEqual(['0007_kept_longer'])
      await drop()
    })

    test('a missing schema is created, and other schemas stay unchanged', async () => {
      const { url, drop } = await openTestDatabase(engine)
      const db = postgresDatabase({ url: url!, schema: 'elsewhere' })
      expect(await migrator(db, allMigrations()).up()).toEqual(names)
      await script(db, 'select add_partition_day(current_date)')
      expect(await tablesOf(db, 'elsewhere')).toContain('task')
      expect((await tablesOf(db, 'public')).filter((name) => /\d{8}$/.test(name))).toEqual([])
      await db.close()
      await drop()
    })
  })
}

async function tablesOf(db: Database, schema = 'public'): Promise<string[]> {
  const rows = await rowsOf<{ name: string }>(
    db,
    `select relname as name from pg_class where relnamespace = $1::regnamespace and relkind in ('r', 'p', 'v') order by 1`,
    [schema],
  )
  return rows.map(({ name }) => name)
}

/** Counts the sessions that wait for a lock of the table. */
async function waitingFor(db: Database, table: string): Promise<number> {
  const rows = await rowsOf(db, 'select from pg_locks where relation = $1::text::regclass and not granted', [table])
  return rows.length
}

async function functionsOf(db: Database): Promise<string[]> {
  const rows = await rowsOf<{ name: string }>(
    db,
    `select proname as name from pg_proc where pronamespace = 'public'::regnamespace order by 1`,
  )
  return rows.map(({ name }) => name)
}

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

    test('down to 0 leaves nothing but the ledger, and up again gives the same schema', async () => {
      const before = await describeSchema(db)
      expect(await migrator(db, allMigrations()).down(0)).toEqual(names.toReversed())
      expect(await tablesOf(db)).toEqual(['schema_migration'])
      expect(await functionsOf(db)).toEqual([])
      expect(await migrator(db, allMigrations()).up()).toEqual(names)
      expect(await describeSchema(db)).toBe(before)
    })

    test.each(migrations.map(({ version }) => version))(
      'down to %i and up again gives the same schema',
      async (version) => {
        const before = await describeSchema(db)
        await migrator(db, allMigrations()).down(version)
        await migrator(db, allMigrations()).up()
        expect(await describeSchema(db)).toBe(before)
      },
    )

    test('up again does nothing, and the status says what was applied when', async () => {
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

    test('a migration that fails leaves nothing of itself, and those before it in place', async () => {
      const broken = { ...next, up: `${next.up}; select no_such_column` }
      await expect(migrator(db, [...migrations, broken]).up()).rejects.toThrow('no_such_column')
      expect(await tablesOf(db)).not.toContain('extra')
      expect(await migrator(db, allMigrations()).up()).toEqual([])
    })

    test('refuses a database that a newer version migrated, and says so', async () => {
      await migrator(db, [...migrations, next]).up()
      const sentence = `The database has migration ${next.version} (extra), which this version does not know: run a newer one`
      for (const act of [
        () => migrator(db, allMigrations()).up(),
        () => migrator(db, allMigrations()).down(0),
        () => migrator(db, allMigrations()).status(),
      ]) {
        await expect(act()).rejects.toThrow(sentence)
      }
      expect(await migrator(db, [...migrations, next]).down(migrations.length)).toEqual([`000${next.version}_extra`])
    })

    test('runs on a schema that a newer version migrated and that suits it, and leaves it as it is', async () => {
      const newer = migrator(db, [...migrations, { ...next, suitsFrom: migrations.length }])
      await newer.up()
      expect(await migrator(db, allMigrations()).up()).toEqual([])
      await requireSchema(db, allMigrations())
      expect((await migrator(db, allMigrations()).status()).at(-1)).toMatchObject({
        name: 'extra',
        appliedAt: expect.any(Date),
      })
      await expect(migrator(db, allMigrations()).down(0)).rejects.toThrow(
        'which this version does not know: run a newer one',
      )
      expect(await tablesOf(db)).toContain('extra')
      await newer.down(migrations.length)
    })

    test('refuses a schema that suits only versions newer than it', async () => {
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

    test('takes a ledger that does not tell whom a migration suits, and refuses what it does not know of it', async () => {
      await script(db, 'alter table schema_migration drop column suits_from')
      await requireSchema(db, allMigrations())
      expect(await migrator(db, allMigrations()).up()).toEqual([])
      await script(db, `insert into schema_migration (version, name, checksum) values (${next.version}, 'extra', '')`)
      await expect(migrator(db, allMigrations()).up()).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' })
      await script(db, `delete from schema_migration where version = ${next.version}`)
    })

    test('gives up after some tries when a lock is never to be had', async () => {
      const refused = Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' })
      let pauses = 0
      const patient = {
        ...systemClock,
        async sleep() {
          pauses++
        },
      }
      const locked: Database = { ...db, transaction: () => Promise.reject(refused) }
      await expect(migrator(locked, migrations, patient).up()).rejects.toMatchObject({ code: 'SCHEMA_BUSY' })
      expect(pauses).toBeGreaterThan(10)
    })

    test('refuses a migration that was edited after it was applied, and says which', async () => {
      const [first, ...rest] = migrations
      const edited = [{ ...first!, up: `${first!.up}\n-- edited` }, ...rest]
      await expect(migrator(db, edited).up()).rejects.toThrow(
        /^Migration 0001_tasks differs from the one applied at \d{4}-.*Z: restore its file$/,
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

test('says whom a migration suits in its first lines, by the number of the migration that they know', () => {
  expect(migrations.find(({ name }) => name === 'kept_longer')).toMatchObject({ version: 7, suitsFrom: 6 })
  expect(migrations.find(({ name }) => name === 'tasks')?.suitsFrom).toBeUndefined()
})

// PGlite is one process's own.
for (const engine of engines().filter((each) => each.kind === 'postgres')) {
  describe(`${engine.name}, several processes`, () => {
    test('several at once migrate once', async () => {
      const { url, drop } = await openTestDatabase(engine)
      const databases = [1, 2, 3].map(() => postgresDatabase({ url: url! }))
      await migrator(databases[0]!, allMigrations()).down(0)
      const applied = await Promise.all(databases.map((db) => migrator(db, allMigrations()).up()))
      expect(applied.flat().sort()).toEqual(names)
      for (const db of databases) await db.close()
      await drop()
    })

    test('a migration that finds a table in use lets those by who come after it, and is done in the end', async () => {
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
      // Were it to wait on, this would be given up after ten seconds.
      await rowsOf(db, 'select id from task')
      await reader.rollback()
      expect(await migrating).toEqual([`000${next.version}_extra`])
      await drop()
    })

    test('what is kept longer is undone in the order in which readers of all days lock them', async () => {
      const opened = await openTestDatabase(engine)
      const { db, url, drop } = opened
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

    test('a schema of its own is made when it is missing, and leaves the others alone', async () => {
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

/** How many wait for a lock of the table. */
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

import type { Database } from '@taskflow/database'
import { type Migration, migrator, postgresDatabase } from '@taskflow/database'
import { allMigrations } from '@taskflow/rooms/migrations'
import { engines, openTestDatabase, type TestDatabase } from '@taskflow/testing'
import { describeSchema } from '@taskflow/testing/describe-schema'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { tablesOf } from '@taskflow/testing/tables'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lockProbe } from './lock-probe.ts'
import { plantRows } from './planted-rows.ts'

const migrations = allMigrations()
const COPIES = 10

// A migration's own work beside these few rows takes milliseconds; the rest is for a busy machine.
const LONGEST_WAIT_MS = 2_000

/** By table, each row as JSON. */
type Content = ReadonlyMap<string, readonly string[]>

for (const engine of engines().filter((each) => each.kind === 'postgres')) {
  describe(engine.name, () => {
    let opened: TestDatabase
    let db: Database
    let beside: Database
    beforeEach(async () => {
      opened = await openTestDatabase(engine)
      db = opened.db
      beside = postgresDatabase({ url: opened.url! })
      await migrator(db, allMigrations()).down(0)
    })
    afterEach(async () => {
      await beside.close()
      await opened.drop()
    })

    test.each(migrations)(
      '$version, $name: goes up, down and up without touching a row of others',
      async ({ version }) => {
        const upTo = (last: number) => migrator(db, migrations.slice(0, last)).up()
        await upTo(version - 1)
        await plantRows(db, COPIES)
        const tables = await tablesOf(db)
        expect(await emptyOf(db, tables), 'tables without a row to lose').toEqual([])
        const [schema, content] = [await describeSchema(db), await contentOf(db, tables)]

        const probe = lockProbe(beside, tables)
        await upTo(version)
        expect(withColumnsOf(content, await contentOf(db, tables))).toEqual(content)
        const above = await describeSchema(db)

        expect(await migrator(db, migrations.slice(0, version)).down(version - 1)).toHaveLength(1)
        expect(await describeSchema(db)).toBe(schema)
        expect(await contentOf(db, tables)).toEqual(content)

        await upTo(version)
        expect(await probe.stop(), 'the longest wait of a claim, a settlement and a heartbeat').toBeLessThan(
          LONGEST_WAIT_MS,
        )
        expect(await describeSchema(db)).toBe(above)
        expect(withColumnsOf(content, await contentOf(db, tables))).toEqual(content)
      },
    )

    test('a planted migration that loses a row is found', async () => {
      await migrator(db, allMigrations()).up()
      await plantRows(db, COPIES)
      const tables = await tablesOf(db)
      const content = await contentOf(db, tables)
      const careless: Migration = {
        version: migrations.length + 1,
        name: 'careless',
        up: `delete from task where id = (select min(id::text)::uuid from task)`,
        down: 'select',
      }
      await migrator(db, [...migrations, careless]).up()
      expect(withColumnsOf(content, await contentOf(db, tables))).not.toEqual(content)
    })
  })
}

/** Every row of these tables. */
async function contentOf(db: Database, tables: readonly string[]): Promise<Content> {
  const content = new Map<string, string[]>()
  for (const table of tables) {
    const rows = await rowsOf<{ row: string }>(db, `select to_jsonb(${table})::text as row from ${table}`)
    // Parsed and written again, as rows are that lost a column.
    content.set(table, rows.map(({ row }) => JSON.stringify(JSON.parse(row))).sort())
  }
  return content
}

/** Without the columns that a table had not before. */
function withColumnsOf(before: Content, after: Content): Content {
  const narrowed = [...after].map(([table, rows]): [string, string[]] => {
    const columns = Object.keys(JSON.parse(before.get(table)?.[0] ?? '{}') as object)
    const narrow = (row: string): string => {
      const all = JSON.parse(row) as Readonly<Record<string, unknown>>
      return JSON.stringify(Object.fromEntries(columns.map((column) => [column, all[column]])))
    }
    return [table, rows.map(narrow).sort()]
  })
  return new Map(narrowed)
}

async function emptyOf(db: Database, tables: readonly string[]): Promise<string[]> {
  const content = await contentOf(db, tables)
  return tables.filter((table) => content.get(table)?.length === 0)
}

import type { Queryable } from '@taskflow/database'
import { rowsOf } from './raw-sql.ts'

/** The tables of the schema, except the ledger of migrations and partitions, whose rows are those of their parents. */
export async function tablesOf(db: Queryable): Promise<string[]> {
  const rows = await rowsOf<{ name: string }>(
    db,
    `select relname::text as name from pg_class
     where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
       and relname <> 'schema_migration'
     order by 1`,
  )
  return rows.map(({ name }) => name)
}

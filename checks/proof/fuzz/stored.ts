import type { Database } from '@taskflow/database'
import { rowsOf } from '@taskflow/testing/raw-sql'

// The last use of a key is recorded now and then, for refused requests too.
const ALLOWED_WRITE: Readonly<Record<string, string>> = { api_key: 'and last_used_at is null' }

/** A database, and its tables. */
export interface Watched {
  readonly db: Database
  readonly tables: readonly string[]
}

/** The state of the database: its next transaction, and the number of rows. */
export interface Standing {
  readonly next: string
  readonly rows: number
}

export async function standingOf({ db, tables }: Watched): Promise<Standing> {
  const counts = tables.map((table) => `(select count(*)::integer from ${table})`)
  const [row] = await rowsOf<Standing>(
    db,
    `select pg_snapshot_xmax(pg_current_snapshot())::text as next, ${counts.join(' + ')} as rows`,
  )
  if (!row) throw new TypeError('Expected the database to return its next transaction')
  return row
}

/** Returns a table that has changed since; undefined where none has. */
export async function writtenSince(watched: Watched, before: Standing): Promise<string | undefined> {
  const after = await standingOf(watched)
  // Every write takes a transaction number first: no new number means no write.
  if (after.next === before.next) return undefined
  const changes = watched.tables.map(
    (table) =>
      `select '${table}' as written from ${table} where xmin::text::bigint >= $1::bigint ${ALLOWED_WRITE[table] ?? ''}`,
  )
  const [row] = await rowsOf<{ written: string }>(watched.db, changes.join(' union all '), [before.next])
  return row?.written ?? (after.rows === before.rows ? undefined : 'some table')
}

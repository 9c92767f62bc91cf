import type { Database } from '@taskflow/database'
import { rowsOf } from '@taskflow/testing/raw-sql'

const TABLES = [
  'task',
  'finished_task',
  'task_attempt',
  'task_event',
  'task_log',
  'worker',
  'api_key',
  'idempotency_key',
]

const NOW = `select pg_snapshot_xmax(pg_current_snapshot())::text as next, ${TABLES.map(
  (table) => `(select count(*)::integer from ${table})`,
).join(' + ')} as rows`

// The last use of a key is recorded now and then, for refused requests too.
const ALLOWED_WRITE: Readonly<Record<string, string>> = { api_key: 'and last_used_at is null' }

const SINCE = TABLES.map(
  (table) =>
    `select '${table}' as written from ${table} where xmin::text::bigint >= $1::bigint ${ALLOWED_WRITE[table] ?? ''}`,
).join(' union all ')

/** The state of the database: its next transaction, and the number of rows. */
export interface Standing {
  readonly next: string
  readonly rows: number
}

export async function standingOf(db: Database): Promise<Standing> {
  const [row] = await rowsOf<Standing>(db, NOW)
  if (!row) throw new TypeError('Expected the database to return its next transaction')
  return row
}

/** Returns a table that has changed since; undefined where none has. */
export async function writtenSince(db: Database, before: Standing): Promise<string | undefined> {
  const after = await standingOf(db)
  // Every write takes a transaction number first: no new number means no write.
  if (after.next === before.next) return undefined
  const [row] = await rowsOf<{ written: string }>(db, SINCE, [before.next])
  return row?.written ?? (after.rows === before.rows ? undefined : 'some table')
}

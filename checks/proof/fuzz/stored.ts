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

// That a key was used is noted now and then, whatever becomes of the request.
const IS_ANSWER: Readonly<Record<string, string>> = { api_key: 'and last_used_at is null' }

const SINCE = TABLES.map(
  (table) =>
    `select '${table}' as written from ${table} where xmin::text::bigint >= $1::bigint ${IS_ANSWER[table] ?? ''}`,
).join(' union all ')

/** Where the database stands: its next transaction, and how many rows there are. */
export interface Standing {
  readonly next: string
  readonly rows: number
}

export async function standingOf(db: Database): Promise<Standing> {
  const [row] = await rowsOf<Standing>(db, NOW)
  if (!row) throw new TypeError('Expected the database to tell where it stands')
  return row
}

/** A table that something was written to or deleted from since; undefined where nothing was. */
export async function writtenSince(db: Database, before: Standing): Promise<string | undefined> {
  const after = await standingOf(db)
  // Whoever writes takes a number first, so where none was taken nothing was written.
  if (after.next === before.next) return undefined
  const [row] = await rowsOf<{ written: string }>(db, SINCE, [before.next])
  return row?.written ?? (after.rows === before.rows ? undefined : 'some table')
}

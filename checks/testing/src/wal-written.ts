import type { Database } from '@taskflow/database'
import { rowsOf, script } from './raw-sql.ts'

/** Records of one kind about one table or index, between two moments of the server's log. */
export interface WalEntry {
  /** As the server names it, without `+INIT`: `Heap/INSERT`, `Btree/INSERT_LEAF`. */
  readonly kind: string
  readonly relation: string
  readonly records: number
  readonly bytes: number
}

export interface WalWritten {
  readonly entries: readonly WalEntry[]
  readonly bytes: number
}

/** `pg_walinspect` came with it. */
export const OLDEST_WITH_WAL_INSPECTION = 15

// A commit, say, is of no table.
const ENTRIES = `
  select replace(resource_manager || '/' || record_type, '+INIT', '') as kind,
         coalesce(relation::text, '') as relation, count(*)::integer as records, sum(record_length)::integer as bytes
  from (
    select *, pg_filenode_relation(0, (regexp_match(block_ref, 'rel \\d+/\\d+/(\\d+)'))[1]::oid)::regclass as relation
    from pg_get_wal_records_info($1, $2)
  ) as record
  group by 1, 2
  order by 1, 2`

/**
 * Returns what the work wrote, record by record: exact and at once, while table statistics are updated some time later.
 * The log is the whole server's, so nothing else may write. The work's last commit must wait for the disk, as
 * settlements do, since only what is flushed can be read.
 */
export async function walWritten(db: Database, work: () => Promise<unknown>): Promise<WalWritten> {
  await script(db, 'create extension if not exists pg_walinspect')
  const from = await flushedUpTo(db)
  await work()
  const entries = await rowsOf<WalEntry>(db, ENTRIES, [from, await flushedUpTo(db)])
  return { entries, bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0) }
}

async function flushedUpTo(db: Database): Promise<string> {
  const [row] = await rowsOf<{ lsn: string }>(db, 'select pg_current_wal_flush_lsn()::text as lsn')
  return row?.lsn ?? ''
}

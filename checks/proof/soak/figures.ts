import { readdirSync, readFileSync } from 'node:fs'
import { LOOP_SAMPLE_MS } from '@taskflow/server/metrics'
import { parentOf, residentMiBOf } from '@taskflow/testing/measuring/process-usage'
import { ADMIN_TOKEN } from '@taskflow/testing/start-taskflow'
import type { Client } from 'pg'
import type { SystemProcess } from './system.ts'

/** Figures of one TaskFlow process. */
export interface ProcessFigures {
  readonly residentMiB: number
  readonly heapMiB: number
  /** The part of the heap that survived a few collections, where a leak accumulates. */
  readonly oldSpaceMiB: number
  readonly heapTotalMiB: number
  readonly externalMiB: number
  /** The metric without the sampling interval that it includes. */
  readonly loopLagP99Ms: number
  readonly files: number
}

const MIB = 2 ** 20

export const filesOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length

export async function processFigures({ process: { pid }, url }: SystemProcess): Promise<ProcessFigures> {
  const reply = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
  const text = await reply.text()
  if (!reply.ok) throw new Error(`Expected metrics of ${url}, got ${reply.status}: ${text}`)
  const metric = (name: string): number => {
    const value = Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1])
    if (Number.isNaN(value)) throw new Error(`Expected ${url}/metrics to contain ${name}`)
    return value
  }
  const oldSpace = metric('nodejs_heap_space_size_used_bytes\\{space="old"\\}')
  return {
    residentMiB: residentMiBOf(pid),
    heapMiB: metric('nodejs_heap_size_used_bytes') / MIB,
    oldSpaceMiB: oldSpace / MIB,
    heapTotalMiB: metric('nodejs_heap_size_total_bytes') / MIB,
    externalMiB: metric('nodejs_external_memory_bytes') / MIB,
    loopLagP99Ms: Math.max(0, metric('nodejs_eventloop_lag_p99_seconds') * 1_000 - LOOP_SAMPLE_MS),
    files: filesOf(pid),
  }
}

/** Returns the private memory of all processes of a PostgreSQL server: without the buffers, which they share. */
export function ownMiBOfPostgres(postmaster: number): number {
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
  return pids.reduce((sum, pid) => sum + (ownMiBOf(pid, postmaster) ?? 0), 0)
}

/** Returns undefined when the process does not belong to that server, or has ended. */
function ownMiBOf(pid: number, postmaster: number): number | undefined {
  try {
    if (pid !== postmaster && parentOf(pid) !== postmaster) return undefined
    const kib = /^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kib) / 1_024
  } catch {
    return undefined
  }
}

export interface TableFigures {
  readonly live: number
  readonly dead: number
  readonly tableMiB: number
  readonly indexMiB: number
  readonly autovacuums: number
}

export interface DatabaseFigures {
  readonly tables: Readonly<Record<string, TableFigures>>
  /** Sizes of the indexes of `task`, in MiB. */
  readonly taskIndexes: Readonly<Record<string, number>>
  readonly finished: { readonly partitions: number; readonly totalMiB: number; readonly todayMiB: number }
  readonly autovacuums: number
  readonly walMiB: number
  readonly connections: number
  readonly depth: Readonly<Record<string, number>>
}

// Tables whose rows are deleted again; the others only grow within a day.
const MEASURED_TABLES = [
  'task',
  'worker',
  'leader',
  'queue_count',
  'queue_minute',
  'finished_task_default',
  'idempotency_key',
]

const TABLES = `
  select relname as name, n_live_tup::float8 as live, n_dead_tup::float8 as dead, autovacuum_count::float8 as autovacuums,
         pg_table_size(relid) / 1048576.0::float8 as "tableMiB", pg_indexes_size(relid) / 1048576.0::float8 as "indexMiB"
  from pg_stat_user_tables where relname = any($1)`

const TASK_INDEXES = `
  select relname as name, pg_relation_size(oid) / 1048576.0::float8 as mib
  from pg_class where oid in (select indexrelid from pg_index where indrelid = 'task'::regclass)`

const REST = `
  select (select count(*)::float8 from pg_inherits where inhparent = 'finished_task'::regclass) as partitions,
         (select sum(pg_total_relation_size(inhrelid)) / 1048576.0::float8 from pg_inherits where inhparent = 'finished_task'::regclass) as "totalMiB",
         pg_total_relation_size(to_regclass('finished_task_' || to_char(now() at time zone 'UTC', 'YYYYMMDD'))) / 1048576.0::float8 as "todayMiB",
         (select sum(autovacuum_count)::float8 from pg_stat_all_tables) as autovacuums,
         pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 / 1048576 as "walMiB",
         (select count(*)::float8 from pg_stat_activity where backend_type = 'client backend' and application_name like 'taskflow%') as connections`

const DEPTH = 'select state, count(*)::float8 as count from task group by state'

export async function databaseFigures(client: Client): Promise<DatabaseFigures> {
  const rowsOf = async <Row>(text: string, params: unknown[] = []) => (await client.query(text, params)).rows as Row[]
  const tables = await rowsOf<TableFigures & { name: string }>(TABLES, [MEASURED_TABLES])
  const indexes = await rowsOf<{ name: string; mib: number }>(TASK_INDEXES)
  const depth = await rowsOf<{ state: string; count: number }>(DEPTH)
  const [rest] = await rowsOf<
    DatabaseFigures['finished'] & Pick<DatabaseFigures, 'autovacuums' | 'walMiB' | 'connections'>
  >(REST)
  if (!rest) throw new Error('PostgreSQL returned no figures')
  const { partitions, totalMiB, todayMiB, ...others } = rest
  return {
    ...others,
    tables: Object.fromEntries(tables.map(({ name, ...figures }) => [name, figures])),
    taskIndexes: Object.fromEntries(indexes.map(({ name, mib }) => [name, mib])),
    finished: { partitions, totalMiB, todayMiB },
    depth: Object.fromEntries(depth.map(({ state, count }) => [state, count])),
  }
}

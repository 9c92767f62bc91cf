import type { Client } from 'pg'
import { OUR_MARK } from './loads.ts'
import { nameOfStatement } from './statement-names.ts'

/** The cost of one statement, by its name. */
export interface StatementCost {
  readonly name: string
  readonly calls: number
  readonly rows: number
  readonly totalMs: number
  /** Part of the total. */
  readonly planMs: number
  readonly walBytes: number
  /** Of 8 KiB, found in the cache or read. */
  readonly blocks: number
}

interface Row {
  readonly query: string
  readonly calls: number
  readonly rows: number
  readonly exec_ms: number
  readonly plan_ms: number
  readonly wal_bytes: number
  readonly blocks: number
}

const TEXT_SHOWN = 60

export async function resetStatements(db: Client): Promise<void> {
  await db.query('create extension if not exists pg_stat_statements')
  await db.query('select pg_stat_statements_reset()')
}

/** Lists the most expensive first. Leaves out statements in other databases, and the profile's own. */
export async function readStatements(db: Client): Promise<StatementCost[]> {
  const { rows } = await db.query<Row>(
    `${OUR_MARK}
     select query, calls::float8, rows::float8, total_exec_time as exec_ms, total_plan_time as plan_ms,
            wal_bytes::float8, (shared_blks_hit + shared_blks_read)::float8 as blocks
     from pg_stat_statements
     join pg_database on pg_database.oid = dbid
     where datname = current_database() and query not like '%pg_stat_statements%' and strpos(query, $1) = 0`,
    [OUR_MARK],
  )
  return rows.map(costOf).sort((a, b) => b.totalMs - a.totalMs)
}

const costOf = (row: Row): StatementCost => ({
  name: nameOfStatement(row.query) ?? row.query.replaceAll(/\s+/g, ' ').trim().slice(0, TEXT_SHOWN),
  calls: row.calls,
  rows: row.rows,
  totalMs: row.exec_ms + row.plan_ms,
  planMs: row.plan_ms,
  walBytes: row.wal_bytes,
  blocks: row.blocks,
})

/** As rows of a table, the first its head, the last the sum; figures per task are of all tasks. */
export function tableOfStatements(costs: readonly StatementCost[], tasks: number): string[][] {
  const sum = (read: (cost: StatementCost) => number) => costs.reduce((total, cost) => total + read(cost), 0)
  const total: StatementCost = {
    name: 'all',
    calls: sum(({ calls }) => calls),
    rows: sum(({ rows }) => rows),
    totalMs: sum(({ totalMs }) => totalMs),
    planMs: sum(({ planMs }) => planMs),
    walBytes: sum(({ walBytes }) => walBytes),
    blocks: sum(({ blocks }) => blocks),
  }
  const head = ['statement', 'calls', 'rows', 'mean ms', 'total ms', 'of it plans', 'WAL KiB', 'blocks']
  const perTask = ['calls/task', 'µs/task', 'WAL B/task', 'blocks/task']
  return [[...head, ...perTask], ...[...costs, total].map((cost) => cellsOf(cost, tasks))]
}

function cellsOf({ name, calls, rows, totalMs, planMs, walBytes, blocks }: StatementCost, tasks: number): string[] {
  const whole = (value: number) => Math.round(value).toLocaleString('en-GB')
  const fine = (value: number) => value.toFixed(3)
  return [
    name,
    whole(calls),
    whole(rows),
    fine(totalMs / calls),
    whole(totalMs),
    whole(planMs),
    whole(walBytes / 1_024),
    whole(blocks),
    fine(calls / tasks),
    fine((1_000 * totalMs) / tasks),
    whole(walBytes / tasks),
    fine(blocks / tasks),
  ]
}

import type { Database } from '@taskflow/database'
import { postgresDatabase } from '@taskflow/database'
import { checkInvariants } from '@taskflow/testing/invariants'
import { checkPromises } from '@taskflow/testing/promises'
import type { Client } from 'pg'
import { witnessesIn } from './notes.ts'

/** Whether the promises were kept. */
export interface Kept {
  readonly accepted: number
  readonly starts: number
  readonly violations: readonly string[]
}

interface Given {
  readonly client: Client
  /** Notes of callers and handlers. */
  readonly files: readonly string[]
}

// Half a million lost tasks need not be listed one by one.
const MOST_VIOLATIONS = 100

/** Checks the promises once no task runs any more. Drops the history from before the run first: it has no witnesses. */
export async function checkKept({ client, files }: Given): Promise<Kept> {
  await dropHistory(client)
  const witnesses = await witnessesIn(files)
  const db = patient(client)
  const broken = await checkPromises({ db, witnesses, isOver: true })
  const violations = [
    ...broken.map(({ promise, sentence }) => `${promise}: ${sentence}`),
    ...(await checkInvariants(db)).map((sentence) => `invariant: ${sentence}`),
  ]
  return {
    accepted: new Set(witnesses.flatMap((each) => (each.kind === 'submitted' ? each.taskIds : []))).size,
    starts: witnesses.filter(({ kind }) => kind === 'started').length,
    violations: violations.slice(0, MOST_VIOLATIONS),
  }
}

/** A database without statement timeouts: the check reads an hour's tasks at once. */
function patient(client: Client): Database {
  return {
    ...postgresDatabase({ url: 'postgres://nowhere' }),
    run: async ({ text }, params) => (await client.query(text, [...params])).rows,
  }
}

/** Drops the past days of each partitioned table, as retention does. */
async function dropHistory(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select inhrelid::regclass::text as name
     from pg_inherits join pg_partitioned_table on partrelid = inhparent
     where substring(inhrelid::regclass::text from '\\d{8}$') < to_char(now() at time zone 'UTC', 'YYYYMMDD')`,
  )
  for (const { name } of rows) await client.query(`drop table ${name}`)
  await client.query(`delete from finished_task_default where type = 'past.aged'`)
}

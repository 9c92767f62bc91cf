import type { Database } from '@taskflow/database'
import { postgresDatabase } from '@taskflow/database'
import { checkInvariants } from '@taskflow/testing/invariants'
import { checkPromises } from '@taskflow/testing/promises'
import type { Client } from 'pg'
import { witnessesIn } from './notes.ts'

/** What the promises have come to. */
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

// A sentence for each of half a million lost tasks would help nobody.
const MOST_VIOLATIONS = 100

/** Checks what was submitted, once nothing runs any more. Drops the history that was there before: nobody witnessed it. */
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

/** Reads an hour's tasks at once, which takes longer than a service would wait. */
function patient(client: Client): Database {
  return {
    ...postgresDatabase({ url: 'postgres://nowhere' }),
    run: async ({ text }, params) => (await client.query(text, [...params])).rows,
  }
}

/** Whole days, as retention drops them: of each table that has them. */
async function dropHistory(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select inhrelid::regclass::text as name
     from pg_inherits join pg_partitioned_table on partrelid = inhparent
     where substring(inhrelid::regclass::text from '\\d{8}$') < to_char(now() at time zone 'UTC', 'YYYYMMDD')`,
  )
  for (const { name } of rows) await client.query(`drop table ${name}`)
  await client.query(`delete from finished_task_default where type = 'past.aged'`)
}

import type { Client } from 'pg'
import type { Payload } from './payload.ts'

/** Rows of one statement, at most. */
export const BARE_BATCH = 500

type Queries = Pick<Client, 'query'>

interface Claimed {
  readonly id: string
  readonly payload: Payload
}

export async function createBareTable(client: Queries): Promise<void> {
  await client.query(`
    create table bare (
      id uuid primary key,
      type text not null,
      payload json not null,
      state text not null default 'queued',
      rank timestamptz not null default clock_timestamp()
    );
    create index bare_queued on bare (rank) where state = 'queued'`)
}

export const insertBare = (client: Queries, payloads: readonly Payload[]): Promise<unknown> =>
  client.query({
    name: 'insert',
    text: 'insert into bare (id, type, payload) select * from unnest($1::uuid[], $2::text[], $3::json[])',
    values: [
      payloads.map(() => crypto.randomUUID()),
      payloads.map(() => 'bench.noop'),
      payloads.map((payload) => JSON.stringify(payload)),
    ],
  })

export async function claimBare(client: Queries): Promise<Claimed[]> {
  const { rows } = await client.query<Claimed>({
    name: 'claim',
    text: `
      update bare set state = 'running' where id = any(array(
        select id from bare where state = 'queued' order by rank limit ${BARE_BATCH} for update skip locked))
      returning id, payload`,
  })
  return rows
}

export const settleBare = (client: Queries, claimed: readonly Pick<Claimed, 'id'>[]): Promise<unknown> =>
  client.query({
    name: 'settle',
    text: `update bare set state = 'done' where id = any($1::uuid[])`,
    values: [claimed.map(({ id }) => id)],
  })

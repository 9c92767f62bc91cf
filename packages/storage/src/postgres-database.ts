import type { Database, Lane, Queryable, Statement, Transaction } from '@taskflow/core'
import pg from 'pg'
import { translateDatabaseError } from './database-error.ts'
import { CONNECT_TIMEOUT_MS, QUERY_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } from './database-timeouts.ts'
import { PLAN_SETTINGS } from './plan-settings.ts'
import { postgresListener } from './postgres-listener.ts'

export interface PostgresSettings {
  readonly url: string
  /** Schema that holds TaskFlow's tables; every statement finds it by the search path. */
  readonly schema?: string
  /** Connections for what belongs to no lane: lists and single reads. */
  readonly poolSize?: number
  /** Told about connections that break while nobody uses them. */
  onError?(error: unknown): void
}

const PLAN_OPTIONS = PLAN_SETTINGS.map((setting) => `-c ${setting}`).join(' ')

// The optional filters of lists make a plan for all parameters a bad one: it can use none of their indexes.
const POOL_PLAN_OPTIONS = `${PLAN_OPTIONS} -c plan_cache_mode=force_custom_plan`

// One plan for all parameters: with the settings above there is only one way to go, and planning it anew
// took a tenth of a claim's time.
const LANE_PLAN_OPTIONS = `${PLAN_OPTIONS} -c plan_cache_mode=force_generic_plan`

const LANE_OPTIONS: Record<Lane, string> = {
  submit: LANE_PLAN_OPTIONS,
  claim: `${LANE_PLAN_OPTIONS} -c synchronous_commit=off`,
  settle: LANE_PLAN_OPTIONS,
  heartbeat: LANE_PLAN_OPTIONS,
  duty: POOL_PLAN_OPTIONS,
}

// Migrations take the time they take; longer than this no timer can be.
const NO_QUERY_TIMEOUT_MS = 2_147_483_647

// OIDs: json stays text, bigint fits a number (counts and milliseconds only).
const TYPES = new pg.TypeOverrides()
TYPES.setTypeParser(114, (text: string) => text)
TYPES.setTypeParser(20, Number)
const BIGINT_ARRAY: number = 1016
const parseBigints = pg.types.getTypeParser(BIGINT_ARRAY) as (text: string) => (string | null)[]
TYPES.setTypeParser(BIGINT_ARRAY, (text: string) =>
  parseBigints(text).map((item) => (item === null ? null : Number(item))),
)

/** A PostgreSQL server, 14 or newer. */
export function postgresDatabase({ url, schema, poolSize = 8, onError = () => {} }: PostgresSettings): Database {
  const searchPath = schema === undefined ? '' : ` -c search_path=${schema}`

  function openPool(max: number, options: string): pg.Pool {
    const pool = new pg.Pool({
      connectionString: url,
      max,
      options: `${options}${searchPath}`.trim(),
      types: TYPES,
      application_name: 'taskflow',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
    })
    pool.on('error', onError)
    return pool
  }

  const pool = openPool(poolSize, POOL_PLAN_OPTIONS)
  const lanes = new Map<Lane, pg.Pool>()
  const listening = postgresListener({ url, onError })
  let closing: Promise<unknown> | undefined

  function poolOf(lane: Lane | undefined): pg.Pool {
    if (lane === undefined) return pool
    let own = lanes.get(lane)
    if (!own) {
      // A pool opened now would outlive the database; the closed one refuses as it should.
      if (closing) return pool
      own = openPool(1, LANE_OPTIONS[lane])
      lanes.set(lane, own)
    }
    return own
  }

  function giveBack(client: pg.PoolClient, broken?: Error): void {
    client.off('error', onError)
    client.release(broken)
  }

  async function close(): Promise<void> {
    await listening.close()
    await Promise.all([pool, ...lanes.values()].map((each) => each.end()))
  }

  return {
    engine: 'postgres',
    run: (statement, params) => query(poolOf(statement.lane), statement, params),
    async transaction(work) {
      const client = await pool.connect().catch(rethrow)
      // The pool watches idle connections only; one that breaks between two statements must not end the process.
      client.on('error', onError)
      try {
        await client.query('begin')
        const result = await work(transactionOn(client))
        await client.query('commit')
        giveBack(client)
        return result
      } catch (error) {
        // A connection that cannot roll back is thrown away, and its transaction with it.
        await client.query('rollback').then(
          () => giveBack(client),
          (broken: Error) => giveBack(client, broken),
        )
        throw translateDatabaseError(error)
      }
    },
    listen: (channel, listener) => listening.listen(channel, listener),
    async close() {
      closing ??= close()
      await closing
    },
  }
}

async function query<Params extends readonly unknown[], Row>(
  on: pg.Pool | pg.PoolClient,
  { name, text }: Statement<Params, Row>,
  params: Params,
): Promise<Row[]> {
  try {
    const { rows } = await on.query({ name, text, values: [...params] })
    return rows as Row[]
  } catch (error) {
    throw translateDatabaseError(error)
  }
}

function transactionOn(client: pg.PoolClient): Transaction {
  const queryable: Queryable = { run: (statement, params) => query(client, statement, params) }
  return {
    ...queryable,
    async script(text) {
      await client.query({ text, query_timeout: NO_QUERY_TIMEOUT_MS } as pg.QueryConfig)
    },
  }
}

function rethrow(error: unknown): never {
  throw translateDatabaseError(error)
}

import { hasCode, TaskFlowError } from '@taskflow/kernel'
import type pg from 'pg'
import type { Database, Lane, Statement, Transaction } from './database.ts'
import { isReplyTimeout, isStatementLost, translateDatabaseError } from './database-error.ts'
import { LANE_TIMEOUTS, POOL_TIMEOUTS } from './database-timeouts.ts'
import { detectPooling } from './pooling.ts'
import { PostgresListener } from './postgres-listener.ts'
import { type SessionPool, sessionPool } from './session-pool.ts'
import { settingsOf } from './session-settings.ts'
import { statementName } from './statement-name.ts'

export interface PostgresSettings {
  readonly url: string
  /** Address of the same server without a pooler in between, for LISTEN. Defaults to `url`. */
  readonly directUrl?: string
  /** Schema that holds TaskFlow's tables. It becomes the search path of every statement. */
  readonly schema?: string
  /** Number of connections for statements without a lane: lists and single reads. */
  readonly poolSize?: number
  /** Called with the errors of idle connections. */
  onError?(error: unknown): void
  /** Called once for each property of the connection that concerns an operator, with a sentence that describes it. */
  onNotice?(sentence: string): void
}

type AnyStatement = Pick<Statement<readonly unknown[], unknown>, 'name' | 'text' | 'lane'>

// Migrations have no time limit, and this is the longest delay of a timer.
const NO_QUERY_TIMEOUT_MS = 2_147_483_647

/**
 * Connects to a PostgreSQL server, version 14 or newer. Behind a pooler that lends a session for one transaction
 * (PgBouncer in transaction mode), each transaction sets its own settings. The first connection detects whether there
 * is a pooler.
 */
export function postgresDatabase(settings: PostgresSettings): Database {
  const { url, directUrl = url, schema, poolSize = 8, onError = () => {}, onNotice = () => {} } = settings
  const pools = new Map<Lane | undefined, SessionPool>()
  const listening = new PostgresListener({ url: directUrl, onError })
  let isPreparing = true
  let closing: Promise<unknown> | undefined

  const pooling = rememberSuccess(async () => {
    const found = await detectPooling(url)
    if (found.isPooled) onNotice(`${hostOf(url)} is a pooler: each transaction sets its own settings`)
    if (!found.keepsStatements) stopPreparing()
    return found
  })
  const canListen = rememberSuccess(async () => {
    const { isPooled } = await (directUrl === url ? pooling() : detectPooling(directUrl))
    if (isPooled)
      onNotice(
        `Wake-ups arrive late, by polling, because ${hostOf(directUrl)} is a pooler: ` +
          "set TASKFLOW_DATABASE_DIRECT_URL to the server's own address to receive them at once",
      )
    return !isPooled
  })

  function stopPreparing(): void {
    if (isPreparing) onNotice(`${hostOf(url)} does not keep prepared statements: each execution is planned again`)
    isPreparing = false
  }

  async function poolOf(lane: Lane | undefined): Promise<SessionPool> {
    const { isPooled } = await pooling()
    const known = pools.get(lane)
    if (known) return known
    if (closing) throw new TaskFlowError('DATABASE_UNAVAILABLE', 'This process has closed its database connections')
    const [size, { queryMs }] = lane === undefined ? [poolSize, POOL_TIMEOUTS] : [1, LANE_TIMEOUTS]
    const isShared = lane !== undefined
    const opened = sessionPool({ url, size, isShared, settings: settingsOf(lane, schema), queryMs, isPooled, onError })
    pools.set(lane, opened)
    return opened
  }

  function queryOf(statement: AnyStatement, params: readonly unknown[]): pg.QueryConfig {
    return { ...(isPreparing && { name: statementName(statement) }), text: statement.text, values: [...params] }
  }

  async function run(statement: AnyStatement, params: readonly unknown[]): Promise<pg.QueryResult> {
    const pool = await poolOf(statement.lane)
    try {
      return await pool.run(queryOf(statement, params))
    } catch (error) {
      if (!isStatementLost(error)) throw error
      stopPreparing()
      return pool.run(queryOf(statement, params))
    }
  }

  async function transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const pool = await poolOf(undefined)
    const client = await pool.begin()
    try {
      const result = await work(transactionOn(client))
      await client.query('commit')
      pool.release(client)
      return result
    } catch (error) {
      if (isStatementLost(error)) stopPreparing()
      await rollback(client, error)
      pool.release(client, error as Error)
      throw error
    }
  }

  function transactionOn(client: pg.PoolClient): Transaction {
    return {
      run: async (statement, params) => (await client.query(queryOf(statement, params))).rows,
      async script(text) {
        await client.query({ text, query_timeout: NO_QUERY_TIMEOUT_MS } as pg.QueryConfig)
      },
    }
  }

  function rethrow(error: unknown): never {
    // The other connections are probably broken too, and each would find out only by its own timeout.
    if (isReplyTimeout(error)) for (const pool of pools.values()) void pool.discardIdle()
    throw translateDatabaseError(error)
  }

  async function close(): Promise<void> {
    await listening.close()
    await Promise.all([...pools.values()].map((pool) => pool.end()))
  }

  return {
    engine: 'postgres',
    run: async (statement, params) => (await run(statement, params).catch(rethrow)).rows,
    transaction: (work) => transaction(work).catch(rethrow),
    async listen(channel, listener) {
      if (await canListen().catch(rethrow)) return listening.listen(channel, listener)
      return async () => {}
    },
    async close() {
      closing ??= close()
      await closing
    },
  }
}

async function rollback(client: pg.PoolClient, error: unknown): Promise<void> {
  // A server that does not answer would take another timeout to roll back.
  if (hasCode(translateDatabaseError(error), 'DATABASE_UNAVAILABLE')) return
  // If the rollback fails, closing the connection ends the transaction.
  await client.query('rollback').catch(() => {})
}

/**
 * Remembers the result of the first call that succeeds. Concurrent callers share one call; a failed call is repeated.
 */
function rememberSuccess<Value>(find: () => Promise<Value>): () => Promise<Value> {
  let found: Promise<Value> | undefined
  return () => {
    found ??= find().catch((error: unknown) => {
      found = undefined
      throw error
    })
    return found
  }
}

const hostOf = (url: string): string => new URL(url).host

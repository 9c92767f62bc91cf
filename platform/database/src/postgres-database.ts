import { hasCode, TaskFlowError } from '@taskflow/kernel'
import type pg from 'pg'
import type { Database, Lane, Statement, Transaction } from './database.ts'
import { isSilence, isStatementLost, translateDatabaseError } from './database-error.ts'
import { LANE_PATIENCE, POOL_PATIENCE } from './database-timeouts.ts'
import { noticePooling } from './pooling.ts'
import { postgresListener } from './postgres-listener.ts'
import { type SessionPool, sessionPool } from './session-pool.ts'
import { settingsOf } from './session-settings.ts'
import { statementName } from './statement-name.ts'

export interface PostgresSettings {
  readonly url: string
  /** The same server without a pooler between, to listen to; `url` where absent. */
  readonly directUrl?: string
  /** Schema that holds TaskFlow's tables; every statement finds it by the search path. */
  readonly schema?: string
  /** Connections for what belongs to no lane: lists and single reads. */
  readonly poolSize?: number
  /** Told about connections that break while nobody uses them. */
  onError?(error: unknown): void
  /** Told once of each thing that an operator may want to know of the way to the server, in a sentence. */
  onNotice?(sentence: string): void
}

type AnyStatement = Pick<Statement<readonly unknown[], unknown>, 'name' | 'text' | 'lane'>

// Migrations take the time they take; longer than this no timer can be.
const NO_QUERY_TIMEOUT_MS = 2_147_483_647

/**
 * A PostgreSQL server, 14 or newer. Behind a pooler that lends sessions for one transaction each (PgBouncer in
 * transaction mode) every transaction brings its settings along; the first connection notices which it is.
 */
export function postgresDatabase(settings: PostgresSettings): Database {
  const { url, directUrl = url, schema, poolSize = 8, onError = () => {}, onNotice = () => {} } = settings
  const pools = new Map<Lane | undefined, SessionPool>()
  const listening = postgresListener({ url: directUrl, onError })
  let isNaming = true
  let closing: Promise<unknown> | undefined

  const pooling = onceItSucceeds(async () => {
    const found = await noticePooling(url)
    if (found.isPooled) onNotice(`${hostOf(url)} is a pooler: every transaction brings its settings along`)
    if (!found.keepsStatements) forgoNames()
    return found
  })
  const canListen = onceItSucceeds(async () => {
    const { isPooled } = await (directUrl === url ? pooling() : noticePooling(directUrl))
    if (isPooled)
      onNotice(
        `Wake-ups are polled for, since ${hostOf(directUrl)} is a pooler: name the server's own address ` +
          'in TASKFLOW_DATABASE_DIRECT_URL to be told of them at once',
      )
    return !isPooled
  })

  function forgoNames(): void {
    if (isNaming) onNotice(`${hostOf(url)} does not keep prepared statements: each is planned anew`)
    isNaming = false
  }

  async function poolOf(lane: Lane | undefined): Promise<SessionPool> {
    const { isPooled } = await pooling()
    const known = pools.get(lane)
    if (known) return known
    if (closing) throw new TaskFlowError('DATABASE_UNAVAILABLE', 'The database is closed')
    const [size, { queryMs }] = lane === undefined ? [poolSize, POOL_PATIENCE] : [1, LANE_PATIENCE]
    const isShared = lane !== undefined
    const opened = sessionPool({ url, size, isShared, settings: settingsOf(lane, schema), queryMs, isPooled, onError })
    pools.set(lane, opened)
    return opened
  }

  function queryOf(statement: AnyStatement, params: readonly unknown[]): pg.QueryConfig {
    return { ...(isNaming && { name: statementName(statement) }), text: statement.text, values: [...params] }
  }

  async function run(statement: AnyStatement, params: readonly unknown[]): Promise<pg.QueryResult> {
    const pool = await poolOf(statement.lane)
    try {
      return await pool.run(queryOf(statement, params))
    } catch (error) {
      if (!isStatementLost(error)) throw error
      forgoNames()
      return pool.run(queryOf(statement, params))
    }
  }

  async function transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const pool = await poolOf(undefined)
    const client = await pool.begin()
    try {
      const result = await work(transactionOn(client))
      await client.query('commit')
      pool.giveBack(client)
      return result
    } catch (error) {
      if (isStatementLost(error)) forgoNames()
      await rollback(client, error)
      pool.giveBack(client, error as Error)
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
    // What one connection suffers the others may suffer too, and each would take its own time-out to find out.
    if (isSilence(error)) for (const pool of pools.values()) void pool.discardIdle()
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
  // Asking one that does not answer would take as long again.
  if (hasCode(translateDatabaseError(error), 'DATABASE_UNAVAILABLE')) return
  // Failing this, the transaction goes with its connection.
  await client.query('rollback').catch(() => {})
}

/** Remembers what was found, asks once for all who ask at a time, and asks again when it could not be found. */
function onceItSucceeds<Value>(find: () => Promise<Value>): () => Promise<Value> {
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

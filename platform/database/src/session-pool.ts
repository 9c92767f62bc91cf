import pg from 'pg'
import { connectionOf } from './connection.ts'
import { CONNECT_TIMEOUT_MS, KEEP_ALIVE_DELAY_MS } from './database-timeouts.ts'
import { beginUnder, type SessionSettings, startupOptions } from './session-settings.ts'

interface Options {
  readonly url: string
  readonly size: number
  /**
   * For a single connection: sends statements at once, without waiting for earlier ones; the server runs them in order.
   */
  readonly isShared: boolean
  readonly settings: SessionSettings
  /** Time to wait for a reply, if even the error of the server's own timeout does not arrive. */
  readonly queryMs: number
  /** Whether a pooler lends sessions for one transaction at a time. */
  readonly isPooled: boolean
  onError(error: unknown): void
}

/**
 * Connections whose statements all run under the same settings, with or without a pooler. Throws the driver's errors.
 */
export interface SessionPool {
  /** Runs one statement and resolves once it has committed. */
  run(query: pg.QueryConfig): Promise<pg.QueryResult>
  /**
   * Resolves with a connection on which a transaction has begun. The caller ends the transaction and calls `release`.
   */
  begin(): Promise<pg.PoolClient>
  /**
   * Returns a connection to the pool. After any error the caller must pass the error, which closes the connection and
   * rolls back an open transaction: a PgBouncer that keeps prepared statements remembers the name of one that failed to
   * prepare, and closes a connection that uses the name again.
   */
  release(client: pg.PoolClient, broken?: Error): void
  /** Closes all idle connections. */
  discardIdle(): Promise<void>
  end(): Promise<void>
}

/** A query with its own timeout, which the driver supports but its types lack. */
type TimedQuery = pg.QueryConfig & { readonly query_timeout: number }

interface Loan {
  readonly client: Promise<pg.PoolClient>
  borrowers: number
  /** First error of a borrower. No further borrower joins, and the connection is closed when the last one has left. */
  failure?: Error
}

// 114 is json, which stays text; 20 is bigint, which fits a number because the columns are counts and milliseconds.
const TYPES = new pg.TypeOverrides()
TYPES.setTypeParser(114, (text: string) => text)
TYPES.setTypeParser(20, Number)
const BIGINT_ARRAY: number = 1016
const parseBigints = pg.types.getTypeParser(BIGINT_ARRAY) as (text: string) => (string | null)[]
TYPES.setTypeParser(BIGINT_ARRAY, (text: string) =>
  parseBigints(text).map((item) => (item === null ? null : Number(item))),
)

export function sessionPool(options: Options): SessionPool {
  const { url, size, isShared, settings, queryMs, isPooled, onError } = options
  const pool = new pg.Pool({
    ...connectionOf(url, isPooled ? undefined : startupOptions(settings)),
    max: size,
    types: TYPES,
    application_name: 'taskflow',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: queryMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    // Lets the process exit without waiting for the close of connections that a broken network never confirms.
    allowExitOnIdle: true,
    ...((isPooled || isShared) && { pipeline: true }),
  })
  pool.on('error', onError)
  const begin = isPooled ? beginUnder(settings) : 'begin'

  async function connect(): Promise<pg.PoolClient> {
    const client = await pool.connect()
    // The pool handles the errors of idle connections only; an error between two statements would otherwise end the
    // process.
    client.on('error', onError)
    return client
  }

  function release(client: pg.PoolClient, broken?: Error): void {
    client.off('error', onError)
    client.release(broken)
  }

  /** Sends begin, statement and commit in one round trip. If the statement fails, the commit rolls back. */
  async function sendInTransaction(client: pg.PoolClient, query: TimedQuery): Promise<pg.QueryResult> {
    const { query_timeout } = query
    const outcomes = await Promise.allSettled([
      client.query({ text: begin, query_timeout } as TimedQuery),
      client.query(query),
      client.query({ text: 'commit', query_timeout } as TimedQuery),
    ])
    const failure = outcomes.find((outcome) => outcome.status === 'rejected')?.reason
    if (failure) throw failure
    return (outcomes[1] as PromiseFulfilledResult<pg.QueryResult>).value
  }

  const send = isPooled
    ? sendInTransaction
    : (client: pg.PoolClient, query: TimedQuery): Promise<pg.QueryResult> => client.query(query)

  let loan: Loan | undefined

  function borrow(): Loan {
    if (!isShared || !loan || loan.borrowers === 0 || loan.failure) loan = { client: connect(), borrowers: 0 }
    loan.borrowers++
    return loan
  }

  async function run(query: pg.QueryConfig): Promise<pg.QueryResult> {
    const borrowed = borrow()
    // The statement may wait for each one before it. If the server is silent, the first of them times out and fails
    // all.
    const query_timeout = queryMs * borrowed.borrowers
    try {
      return await send(await borrowed.client, { ...query, query_timeout })
    } catch (error) {
      borrowed.failure ??= error as Error
      throw error
    } finally {
      // A connection that could not be opened need not be released.
      if (--borrowed.borrowers === 0)
        borrowed.client.then((client) => release(client, borrowed.failure)).catch(() => {})
    }
  }

  return {
    run,
    async begin() {
      const client = await connect()
      try {
        await client.query(begin)
        return client
      } catch (error) {
        release(client, error as Error)
        throw error
      }
    },
    release,
    async discardIdle() {
      const discarded = Array.from({ length: pool.idleCount }, async () => {
        const client = await pool.connect()
        // Destroys the socket: an orderly close may never be confirmed, and waiting for it would delay the end of the
        // process.
        ;(client as unknown as pg.Client).connection.stream.destroy()
        client.release(true)
      })
      await Promise.allSettled(discarded)
    },
    end: () => pool.end(),
  }
}

import pg from 'pg'
import { CONNECT_TIMEOUT_MS, KEEP_ALIVE_DELAY_MS } from './database-timeouts.ts'
import { beginUnder, type SessionSettings, startupOptions } from './session-settings.ts'

interface Options {
  readonly url: string
  readonly size: number
  /** Of a single connection: all statements are sent on it as they come, and the server does one after the other. */
  readonly isShared: boolean
  readonly settings: SessionSettings
  /** How long a reply is waited for, when even the server's own time-out does not come through. */
  readonly queryMs: number
  /** Whether a pooler lends sessions for one transaction each. */
  readonly isPooled: boolean
  onError(error: unknown): void
}

/** Connections whose statements all run under the same settings, whoever owns the sessions. Throws what the driver throws. */
export interface SessionPool {
  /** Runs one statement; what it did is committed when it resolves. */
  run(query: pg.QueryConfig): Promise<pg.QueryResult>
  /** Resolves with a connection that has begun a transaction, to be given back by `giveBack`. */
  begin(): Promise<pg.PoolClient>
  /**
   * With an error the connection is thrown away, and a transaction that is open on it with it. So it must be with
   * whatever error: a PgBouncer that carries prepared statements remembers the name of one that failed to be
   * prepared, and ends the connection on which it comes again.
   */
  giveBack(client: pg.PoolClient, broken?: Error): void
  /** Throws away the connections that nobody uses. */
  discardIdle(): Promise<void>
  end(): Promise<void>
}

/** The driver knows a time-out for each query; its types do not. */
type TimedQuery = pg.QueryConfig & { readonly query_timeout: number }

interface Loan {
  readonly client: Promise<pg.PoolClient>
  borrowers: number
  /** The first that one of them met: nobody else joins them, and the connection goes when the last has left. */
  failure?: Error
}

// OIDs: json stays text, bigint fits a number (counts and milliseconds only).
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
    connectionString: url,
    max: size,
    types: TYPES,
    application_name: 'taskflow',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: queryMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    // At the end nobody waits for goodbyes that a silent network swallows.
    allowExitOnIdle: true,
    ...((isPooled || isShared) && { pipeline: true }),
    ...(!isPooled && { options: startupOptions(settings) }),
  })
  pool.on('error', onError)
  const begin = isPooled ? beginUnder(settings) : 'begin'

  async function connect(): Promise<pg.PoolClient> {
    const client = await pool.connect()
    // The pool watches idle connections only; one that breaks between two statements must not end the process.
    client.on('error', onError)
    return client
  }

  function giveBack(client: pg.PoolClient, broken?: Error): void {
    client.off('error', onError)
    client.release(broken)
  }

  /** One way there and back: the three are sent at once, and if the statement does not succeed the commit is a rollback. */
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

  /** The latest. */
  let loan: Loan | undefined

  function borrow(): Loan {
    if (!isShared || !loan || loan.borrowers === 0 || loan.failure) loan = { client: connect(), borrowers: 0 }
    loan.borrowers++
    return loan
  }

  async function run(query: pg.QueryConfig): Promise<pg.QueryResult> {
    const borrowed = borrow()
    // It waits for those before it, each of which may take its time. Of a silent server the first of them tells, and for all.
    const query_timeout = queryMs * borrowed.borrowers
    try {
      return await send(await borrowed.client, { ...query, query_timeout })
    } catch (error) {
      borrowed.failure ??= error as Error
      throw error
    } finally {
      // One that could not be had need not be given back.
      if (--borrowed.borrowers === 0)
        borrowed.client.then((client) => giveBack(client, borrowed.failure)).catch(() => {})
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
        giveBack(client, error as Error)
        throw error
      }
    },
    giveBack,
    async discardIdle() {
      const discarded = Array.from({ length: pool.idleCount }, async () => {
        const client = await pool.connect()
        // No goodbye: it is doubtful whether anybody hears it, and waiting for the answer would keep a process that stops.
        ;(client as unknown as pg.Client).connection.stream.destroy()
        client.release(true)
      })
      await Promise.allSettled(discarded)
    },
    end: () => pool.end(),
  }
}

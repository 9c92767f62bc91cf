import pg from 'pg'
import { connectionOf } from './connection.ts'
import { isStatementLost } from './database-error.ts'
import { CONNECT_TIMEOUT_MS, LANE_TIMEOUTS } from './database-timeouts.ts'
import { startupOptions } from './session-settings.ts'

/** Properties of the connection to the server. */
export interface Pooling {
  /**
   * Whether each transaction may run in another session, so that settings, prepared statements and LISTEN do not last.
   */
  readonly isPooled: boolean
  /** Whether prepared statements last nonetheless, because the pooler prepares them in each session. */
  readonly keepsStatements: boolean
}

const OWN_SESSION: Pooling = { isPooled: false, keepsStatements: true }

const MARK = 'taskflow.session'
// A role may have a timeout that is shorter than a connection over a slow network takes.
const QUICK = { statement_timeout: String(LANE_TIMEOUTS.statementMs) }

// SQLSTATEs with which a pooler rejects a startup option that it is not configured to ignore.
const REFUSALS = new Set(['08P01', '0A000'])

const PROBE = 'taskflow_probe'
const OWN_NAMES = 'select name from pg_prepared_statements where statement = $1'

/**
 * Detects whether an address belongs to a pooler, by a marker in the startup options: a pooler rejects or ignores the
 * marker, and a session of the server keeps it.
 *
 * @throws the driver's error if the address cannot be reached
 */
export async function detectPooling(url: string): Promise<Pooling> {
  if (await hasOwnSession(url)) return OWN_SESSION
  return { isPooled: true, keepsStatements: await keepsStatements(url) }
}

async function hasOwnSession(url: string): Promise<boolean> {
  try {
    return await withClient({ url, options: startupOptions({ ...QUICK, [MARK]: 'own' }) }, async (client) => {
      const { rows } = await client.query<{ mark: string | null }>(`select current_setting('${MARK}', true) as mark`)
      return rows[0]?.mark === 'own'
    })
  } catch (error) {
    if (REFUSALS.has(String((error as { code?: unknown }).code))) return false
    throw error
  }
}

// A pooler that keeps prepared statements across sessions (PgBouncer since 1.21) renames them on the server. One that
// passes on the name of the client does not keep them.
async function keepsStatements(url: string): Promise<boolean> {
  try {
    return await withClient({ url }, async (client) => {
      await client.query('begin')
      const { rows } = await client.query<{ name: string }>({ name: PROBE, text: OWN_NAMES, values: [OWN_NAMES] })
      const isOurs = rows.some(({ name }) => name === PROBE)
      if (isOurs) await client.query(`deallocate ${PROBE}`)
      await client.query('commit')
      return rows.length > 0 && !isOurs
    })
  } catch (error) {
    if (isStatementLost(error)) return false
    throw error
  }
}

async function withClient<Result>(
  { url, options }: { readonly url: string; readonly options?: string },
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({
    ...connectionOf(url, options),
    application_name: 'taskflow',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: LANE_TIMEOUTS.queryMs,
  })
  // The awaited calls report every error.
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    client.end().catch(() => {})
  }
}

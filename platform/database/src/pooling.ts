import pg from 'pg'
import { isStatementLost } from './database-error.ts'
import { CONNECT_TIMEOUT_MS, LANE_PATIENCE } from './database-timeouts.ts'

/** What stands between this process and its sessions on the server. */
export interface Pooling {
  /** Each transaction runs in whatever session is free: what is set, prepared or listened to in one is lost or another's. */
  readonly isPooled: boolean
  /** Prepared statements are found again nonetheless: the pooler prepares them wherever they are needed. */
  readonly keepsStatements: boolean
}

const OWN_SESSION: Pooling = { isPooled: false, keepsStatements: true }

const MARK = 'taskflow.session'

// A pooler says either of a setting that it would have to share, where it is not told to ignore it.
const REFUSALS = new Set(['08P01', '0A000'])

const PROBE = 'taskflow_probe'
const OWN_NAMES = 'select name from pg_prepared_statements where statement = $1'

/**
 * Finds out what kind of address it is, since no setting tells: a pooler refuses a setting of ours at the start of a
 * session, or swallows it. Sessions of one's own keep it.
 */
export async function noticePooling(url: string): Promise<Pooling> {
  if (await hasOwnSession(url)) return OWN_SESSION
  return { isPooled: true, keepsStatements: await keepsStatements(url) }
}

async function hasOwnSession(url: string): Promise<boolean> {
  try {
    return await withClient({ url, options: `-c ${MARK}=own` }, async (client) => {
      const { rows } = await client.query<{ mark: string | null }>(`select current_setting('${MARK}', true) as mark`)
      return rows[0]?.mark === 'own'
    })
  } catch (error) {
    if (REFUSALS.has(String((error as { code?: unknown }).code))) return false
    throw error
  }
}

/**
 * A pooler that carries prepared statements from session to session (PgBouncer from 1.21 on) gives them names of its
 * own there. One that lets ours through knows nothing of them.
 */
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
    connectionString: url,
    application_name: 'taskflow',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: LANE_PATIENCE.queryMs,
    ...(options !== undefined && { options }),
  })
  // Whatever breaks is told by what is awaited.
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    client.end().catch(() => {})
  }
}

import pg from 'pg'
import { DURABLE_SETTINGS, type PostgresServer } from '../postgres-server.ts'
import { startOwnPostgres } from '../postgres-servers.ts'

// Enough for eight worker processes; all other settings are PostgreSQL's defaults.
const ROOMY = { max_connections: '300' }

const STATED = [
  ...Object.keys({ ...DURABLE_SETTINGS, ...ROOMY }),
  'server_version',
  'wal_sync_method',
  'shared_buffers',
  'max_wal_size',
]

/** A PostgreSQL to measure on. Without durable settings a rate would count tasks that a power failure may take back. */
export interface DurablePostgres extends Pick<PostgresServer, 'url' | 'stop'> {
  /** As the server itself reports them. */
  readonly settings: Readonly<Record<string, string>>
  /** Runs one statement outside everything that is measured. */
  run(text: string): Promise<Record<string, unknown>[]>
}

/** Connects to the server that BENCH_DATABASE_URL names, or starts one. Rejects a server that is not durable. */
export async function durablePostgres(): Promise<DurablePostgres> {
  const given = process.env.BENCH_DATABASE_URL
  const { url, stop } = given
    ? { url: given, async stop() {} }
    : await startOwnPostgres({ ...DURABLE_SETTINGS, ...ROOMY })
  const run = (text: string) =>
    withClient(url, async (client) => (await client.query<Record<string, unknown>>(text)).rows)
  const settings = await statedSettings(run)
  const careless = Object.entries(DURABLE_SETTINGS).filter(([name, value]) => settings[name] !== value)
  if (careless.length > 0) {
    await stop()
    throw new Error(`This PostgreSQL is not durable: set ${careless.map(([name]) => name).join(', ')} to on`)
  }
  return { url, stop, settings, run }
}

async function statedSettings(run: DurablePostgres['run']): Promise<Record<string, string>> {
  const rows = await run(
    `select name, current_setting(name) as value from pg_settings where name = any('{${STATED.join(',')}}') order by name`,
  )
  return Object.fromEntries(rows.map(({ name, value }) => [String(name), String(value)]))
}

/** Gives the work a connection of its own, and closes it afterwards. */
export async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

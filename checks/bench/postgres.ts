import { embeddedBinaries, machineBinaries } from '@taskflow/testing/postgres-binaries'
import { type PostgresServer, startPostgres } from '@taskflow/testing/postgres-server'
import { serverUser } from '@taskflow/testing/server-user'
import pg from 'pg'

/** Without these a rate is one of tasks that a power failure may take back. */
const DURABLE = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' }

/** Enough for eight worker processes; everything else is as PostgreSQL comes. */
const ROOMY = { max_connections: '300' }

const STATED = [
  ...Object.keys({ ...DURABLE, ...ROOMY }),
  'server_version',
  'wal_sync_method',
  'shared_buffers',
  'max_wal_size',
]

export interface BenchPostgres extends Pick<PostgresServer, 'url' | 'stop'> {
  /** As the server itself tells them. */
  readonly settings: Readonly<Record<string, string>>
  /** Runs one statement outside everything that is measured. */
  run(text: string): Promise<Record<string, unknown>[]>
}

/** The server that BENCH_DATABASE_URL names, else one of our own: of this machine's programs, else of the npm package's. */
export async function benchPostgres(): Promise<BenchPostgres> {
  const given = process.env.BENCH_DATABASE_URL
  const server = given ? { url: given, async stop() {} } : await startOwn()
  const run = async (text: string) => (await query(server.url, text)).rows
  const settings = await statedSettings(run)
  const careless = Object.entries(DURABLE).filter(([name, value]) => settings[name] !== value)
  if (careless.length > 0) {
    await server.stop()
    throw new Error(`This PostgreSQL is not durable: set ${careless.map(([name]) => name).join(', ')} to on`)
  }
  return { ...server, settings, run }
}

async function startOwn(): Promise<Pick<PostgresServer, 'url' | 'stop'>> {
  const user = serverUser()
  const binaries = machineBinaries(user) ?? (await embeddedBinaries(user))
  const { url, stop } = await startPostgres(binaries, user, { ...DURABLE, ...ROOMY })
  return {
    url,
    async stop() {
      await stop()
      binaries.discard()
    },
  }
}

async function statedSettings(run: BenchPostgres['run']): Promise<Record<string, string>> {
  const rows = await run(
    `select name, current_setting(name) as value from pg_settings where name = any('{${STATED.join(',')}}') order by name`,
  )
  return Object.fromEntries(rows.map(({ name, value }) => [String(name), String(value)]))
}

/** On a connection that is gone afterwards. */
async function query(url: string, text: string): Promise<pg.QueryResult<Record<string, unknown>>> {
  return withClient(url, (client) => client.query(text))
}

export async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

import { findServices, SERVICES, type ServiceName } from '@taskflow/testing/find-services'
import { type HalfOpenProxy, halfOpenProxy } from '@taskflow/testing/half-open-proxy'
import { type PgbouncerServer, startPgbouncer } from '@taskflow/testing/pgbouncer-server'
import { machineBinaries, type PostgresBinaries } from '@taskflow/testing/postgres-binaries'
import { DURABLE_SETTINGS, type PostgresServer, startPostgres } from '@taskflow/testing/postgres-server'
import { serverUser } from '@taskflow/testing/server-user'
import { makeSmallDisk, type SmallDisk, whyNoSmallDisk } from '@taskflow/testing/small-disk'
import { type BrokerUnderHarm, startBroker } from './broker.ts'
import type { BrokerName } from './schedule.ts'

/** The servers of a run, all of them its own and of this machine alone. */
export interface Servers {
  readonly postgres: PostgresServer
  /** What PostgreSQL's data is on, where it can be filled. */
  readonly disk: SmallDisk | undefined
  readonly pooler: PgbouncerServer
  /** Between PgBouncer and PostgreSQL. */
  readonly poolerNetwork: HalfOpenProxy
  readonly broker: BrokerUnderHarm
  readonly versions: readonly string[]
  /** Why the disk cannot be filled. */
  readonly whyNoDisk: string | undefined
  stop(): Promise<void>
}

const DISK_MIB = 2_048
const SETTINGS = { ...DURABLE_SETTINGS, max_connections: '300', max_wal_size: '256MB' }
const POOL_SIZE = 20
// PgBouncer's own 15 s would be most of what a restart of PostgreSQL takes.
const LOGIN_RETRY_MS = 1_000

/** What a run over this broker needs and this machine does not have, in a sentence. */
export function whatIsLacking(broker: BrokerName): string | undefined {
  const { programs } = findServices()
  const services = servicesOf(broker).filter((name) => programs[name] === undefined)
  const lacking = [
    ...(machineBinaries(serverUser()) ? [] : ['PostgreSQL']),
    ...services.map((name) => SERVICES[name].title),
  ]
  return lacking.length === 0 ? undefined : `This machine has no ${lacking.join(', ')}: install what is missing`
}

const servicesOf = (broker: BrokerName): readonly ServiceName[] =>
  broker === 'postgres' ? ['pgbouncer'] : ['pgbouncer', broker]

export async function startServers(broker: BrokerName): Promise<Servers> {
  const lacking = whatIsLacking(broker)
  if (lacking !== undefined) throw new Error(lacking)
  const { programs, ran } = findServices()
  const program = (name: ServiceName): string => programs[name] as string
  const binaries = machineBinaries(serverUser()) as PostgresBinaries
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const stopOne of stops.splice(0).reverse()) await stopOne()
  }
  const stopping = <Server extends { stop(): Promise<void> }>(server: Server): Server => {
    stops.push(() => server.stop())
    return server
  }

  try {
    const whyNoDisk = whyNoSmallDisk()
    const disk = whyNoDisk === undefined ? makeSmallDisk(DISK_MIB, serverUser()) : undefined
    stops.push(async () => disk?.remove())
    const postgres = stopping(await startPostgres(binaries, serverUser(), SETTINGS, disk?.path))
    const poolerNetwork = await halfOpenProxy(postgres.port)
    stops.push(poolerNetwork.close)
    const poolerSettings = { poolSize: POOL_SIZE, serverLoginRetryMs: LOGIN_RETRY_MS }
    const pooler = stopping(
      await startPgbouncer(program('pgbouncer'), urlAt(postgres.url, poolerNetwork.port), poolerSettings),
    )
    const living = stopping(await startBroker(broker, program))
    const used = ran.filter((text) => text.startsWith('PgBouncer') || text.toLowerCase().startsWith(broker))
    const versions = [`PostgreSQL ${binaries.majorVersion} (machine)`, ...used]
    return { postgres, disk, pooler, poolerNetwork, broker: living, versions, whyNoDisk, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The same address at another port: of a proxy, say. */
export const urlAt = (url: string, port: number): string => Object.assign(new URL(url), { port: String(port) }).href

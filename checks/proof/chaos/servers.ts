import { findServices, SERVICES, type ServiceName } from '@taskflow/testing/find-services'
import { type HalfOpenProxy, halfOpenProxy } from '@taskflow/testing/half-open-proxy'
import { type BrokerName, type LivingBroker, startBroker } from '@taskflow/testing/living-broker'
import { type PgbouncerServer, startPgbouncer } from '@taskflow/testing/pgbouncer-server'
import { machineBinaries, type PostgresBinaries } from '@taskflow/testing/postgres-binaries'
import { DURABLE_SETTINGS, startPostgres } from '@taskflow/testing/postgres-server'
import { serverUser } from '@taskflow/testing/server-user'
import { whyNoSmallDisk } from '@taskflow/testing/small-disk'
import { SwitchablePostgres } from '@taskflow/testing/switchable-postgres'
import { urlWith } from '@taskflow/testing/url-with'

/** The servers of a run, which no other run uses. */
export interface Servers {
  readonly postgres: SwitchablePostgres
  readonly pooler: PgbouncerServer
  /** The proxy between PgBouncer and PostgreSQL. */
  readonly poolerNetwork: HalfOpenProxy
  readonly broker: LivingBroker
  readonly versions: readonly string[]
  /** The reason why the disk cannot be filled. */
  readonly whyNoDisk: string | undefined
  stop(): Promise<void>
}

const DISK_MIB = 2_048
const SETTINGS = { ...DURABLE_SETTINGS, max_connections: '300', max_wal_size: '256MB' }
const POOL_SIZE = 20
// PgBouncer's default of 15 s would take most of the recovery from a restart of PostgreSQL.
const LOGIN_RETRY_MS = 1_000

/** Names the programs that a run with this broker needs and this machine lacks; undefined when there is none. */
export function missingPrograms(broker: BrokerName): string | undefined {
  const { programs } = findServices()
  const services = servicesOf(broker).filter((name) => programs[name] === undefined)
  const missing = [
    ...(machineBinaries(serverUser()) ? [] : ['PostgreSQL']),
    ...services.map((name) => SERVICES[name].title),
  ]
  return missing.length === 0 ? undefined : `Programs are missing on this machine: ${missing.join(', ')}. Install them`
}

const servicesOf = (broker: BrokerName): readonly ServiceName[] =>
  broker === 'postgres' ? ['pgbouncer'] : ['pgbouncer', broker]

export async function startServers(broker: BrokerName): Promise<Servers> {
  const missing = missingPrograms(broker)
  if (missing !== undefined) throw new Error(missing)
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
    const postgres = stopping(
      await SwitchablePostgres.start({
        user: serverUser(),
        diskMiB: whyNoDisk === undefined ? DISK_MIB : undefined,
        startPrimary: (dataIn) => startPostgres(binaries, serverUser(), SETTINGS, dataIn),
      }),
    )
    const poolerNetwork = await halfOpenProxy(postgres.port)
    stops.push(poolerNetwork.close)
    const poolerSettings = { poolSize: POOL_SIZE, serverLoginRetryMs: LOGIN_RETRY_MS }
    const pooler = stopping(
      await startPgbouncer(program('pgbouncer'), urlWith(postgres.url, { port: poolerNetwork.port }), poolerSettings),
    )
    const started = stopping(await startBroker(broker, program))
    const used = ran.filter((text) => text.startsWith('PgBouncer') || text.toLowerCase().startsWith(broker))
    const versions = [`PostgreSQL ${binaries.majorVersion} (machine)`, ...used]
    return { postgres, pooler, poolerNetwork, broker: started, versions, whyNoDisk, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

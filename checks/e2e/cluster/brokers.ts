import {
  type BrokerName,
  describeWith,
  type Engine,
  type Env,
  engines,
  type LivingBroker,
  type ProcessDatabase,
  type Processes,
  programFor,
  startBroker,
  useProcessDatabase,
  useProcesses,
} from '@taskflow/testing'
import { afterAll, beforeAll } from 'vitest'
import { type Cluster, cluster } from './cluster.ts'

interface BrokerUnderTest {
  readonly title: string
  readonly service: 'redis' | 'rabbitmq' | undefined
  start(): Promise<LivingBroker>
}

const underTest = (title: string, name: BrokerName): BrokerUnderTest => ({
  title,
  service: name === 'postgres' ? undefined : name,
  start: () => startBroker(name, programFor),
})

/** Brokers that are servers of their own, and can be lost without the database. */
export const SEPARATE_BROKERS = [underTest('Redis', 'redis'), underTest('RabbitMQ', 'rabbitmq')]

export const BROKERS = [underTest('PostgreSQL alone', 'postgres'), ...SEPARATE_BROKERS]

/** Critical and high tasks on the first Redis, normal and low ones on the second. */
export const TWO_REDIS: BrokerUnderTest = {
  title: 'two Redis, by priority class',
  service: 'redis',
  async start() {
    const both = await Promise.all([startBroker('redis', programFor), startBroker('redis', programFor)])
    const [first, second] = both
    const envBy = ([port = 0, lowPort = 0]: readonly number[]): Env => ({
      ...first.envBy([port]),
      TASKFLOW_REDIS_LOW_URL: `redis://127.0.0.1:${lowPort}`,
    })
    const ports = both.flatMap((each) => each.ports)
    const ofBoth = async (work: (each: LivingBroker) => Promise<void>): Promise<void> => {
      await Promise.all(both.map(work))
    }
    return {
      env: envBy(ports),
      ports,
      envBy,
      depth: () => first.depth() + second.depth(),
      wipe() {
        for (const each of both) each.wipe()
      },
      empty: () => ofBoth((each) => each.empty()),
      kill: () => ofBoth((each) => each.kill()),
      shutDown: () => ofBoth((each) => each.shutDown()),
      revive: () => ofBoth((each) => each.revive()),
      stop: () => ofBoth((each) => each.stop()),
    }
  },
}

/** A cluster with its database and its broker; both can be used once tests run. */
export interface GivenCluster extends Cluster {
  readonly processes: Processes
  readonly database: ProcessDatabase
  readonly broker: LivingBroker
}

/** Defines tests for each broker; skipped, with the reason in their name, where its server is not to be had. */
export function describeWithBrokers(
  brokers: readonly BrokerUnderTest[],
  settings: Env,
  define: (given: GivenCluster) => void,
): void {
  for (const { title, service, start } of brokers)
    describeWith(service ? [service] : [], `with ${title}`, () => define(useCluster(start, settings)))
}

function useCluster(start: () => Promise<LivingBroker>, settings: Env): GivenCluster {
  const processes = useProcesses()
  const database = useProcessDatabase(serverEngine(), processes)
  let broker: LivingBroker
  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())
  return {
    ...cluster(processes, () => ({ ...database.env, ...broker.env, ...settings })),
    processes,
    database,
    get broker() {
      return broker
    },
  }
}

/** The machine's PostgreSQL, which is the oldest version of this run. */
export function serverEngine(): Extract<Engine, { kind: 'postgres' }> {
  const engine = engines().find((each) => each.kind === 'postgres')
  if (!engine) throw new Error('A cluster needs a PostgreSQL server, and this run has none')
  return engine
}

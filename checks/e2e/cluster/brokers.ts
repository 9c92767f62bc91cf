import {
  type Engine,
  engines,
  programFor,
  type RabbitmqServer,
  type RedisServer,
  startRabbitmq,
  startRedis,
} from '@taskflow/testing'
import type { Env } from './cluster.ts'

/** What carries word between the processes of a cluster, with what a test may do to it. */
export interface LivingBroker {
  /** Settings that lead a process to it. */
  readonly env: Env
  /** Of each of its servers, for a proxy before it. */
  readonly ports: readonly number[]
  /** Settings that lead a process to it by other ports, in the same order. */
  envBy(ports: readonly number[]): Env
  /** How many dispatches wait in it. */
  depth(): number
  /** It forgets all that it holds. */
  wipe(): void
  kill(): Promise<void>
  revive(): Promise<void>
  stop(): Promise<void>
}

interface BrokerUnderTest {
  readonly name: string
  readonly service: 'redis' | 'rabbitmq' | undefined
  start(): Promise<LivingBroker>
}

/** Every broker there is; the database itself first, which is all of one with the truth. */
export const BROKERS: readonly BrokerUnderTest[] = [
  { name: 'PostgreSQL alone', service: undefined, start: async () => databaseItself },
  { name: 'Redis', service: 'redis', start: async () => oneRedis(await startRedis(programFor('redis'))) },
  { name: 'RabbitMQ', service: 'rabbitmq', start: async () => rabbitmq(await startRabbitmq(programFor('rabbitmq'))) },
]

/** Those that are servers of their own, and can be lost without the truth. */
export const SEPARATE_BROKERS = BROKERS.filter(({ service }) => service !== undefined)

const databaseItself: LivingBroker = {
  env: {},
  ports: [],
  envBy: () => ({}),
  depth: () => 0,
  wipe() {},
  async kill() {},
  async revive() {},
  async stop() {},
}

function oneRedis(server: RedisServer): LivingBroker {
  const envBy = ([port]: readonly number[]): Env => ({
    TASKFLOW_BROKER: 'redis',
    TASKFLOW_REDIS_URL: `redis://127.0.0.1:${port}`,
  })
  return {
    env: envBy([server.port]),
    ports: [server.port],
    envBy,
    depth: () =>
      server
        .run('--scan', '--pattern', 'taskflow:*')
        .split('\n')
        .filter((key) => key !== '' && server.run('type', key) === 'zset')
        .reduce((sum, key) => sum + Number(server.run('zcard', key)), 0),
    wipe: () => void server.run('flushall'),
    kill: server.kill,
    revive: server.start,
    stop: server.stop,
  }
}

/** Critical and high on the first, normal and low on the second. */
export async function twoRedis(): Promise<LivingBroker> {
  const [first, second] = await Promise.all([startRedis(programFor('redis')), startRedis(programFor('redis'))])
  const both = [oneRedis(first), oneRedis(second)] as const
  const envBy = ([port, lowPort]: readonly number[]): Env => ({
    TASKFLOW_BROKER: 'redis',
    TASKFLOW_REDIS_URL: `redis://127.0.0.1:${port}`,
    TASKFLOW_REDIS_LOW_URL: `redis://127.0.0.1:${lowPort}`,
  })
  const ofBoth = async (work: (each: LivingBroker) => Promise<void>): Promise<void> => {
    await Promise.all(both.map(work))
  }
  return {
    env: envBy([first.port, second.port]),
    ports: [first.port, second.port],
    envBy,
    depth: () => both[0].depth() + both[1].depth(),
    wipe() {
      for (const each of both) each.wipe()
    },
    kill: () => ofBoth((each) => each.kill()),
    revive: () => ofBoth((each) => each.revive()),
    stop: () => ofBoth((each) => each.stop()),
  }
}

function rabbitmq(server: RabbitmqServer): LivingBroker {
  const envBy = ([port]: readonly number[]): Env => ({
    TASKFLOW_BROKER: 'rabbitmq',
    TASKFLOW_AMQP_URL: `amqp://guest:guest@127.0.0.1:${port}`,
  })
  const queues = (): [name: string, messages: number][] =>
    server
      .run('list_queues', '--no-table-headers', 'name', 'messages')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'))
      .map(([name = '', messages]) => [name, Number(messages)])
  return {
    env: envBy([server.port]),
    ports: [server.port],
    envBy,
    depth: () => queues().reduce((sum, [, messages]) => sum + messages, 0),
    wipe() {
      for (const [name] of queues()) {
        try {
          server.run('delete_queue', name)
        } catch (error) {
          // That of a process goes with its connection, which ends when it misses another queue.
          if (queues().some(([left]) => left === name)) throw error
        }
      }
    },
    kill: server.kill,
    revive: server.start,
    stop: server.stop,
  }
}

/** A PostgreSQL of this run for clusters: the machine's, which is the oldest there is. */
export function serverEngine(): Extract<Engine, { kind: 'postgres' }> {
  const engine = engines().find((each) => each.kind === 'postgres')
  if (!engine) throw new Error('A cluster needs a PostgreSQL server, and this run has none')
  return engine
}

import { type RabbitmqServer, startRabbitmq } from './rabbitmq-server.ts'
import { type RedisServer, startRedis } from './redis-server.ts'
import type { Env } from './start-taskflow.ts'

export const BROKERS = ['postgres', 'redis', 'rabbitmq'] as const

export type BrokerName = (typeof BROKERS)[number]

/** The broker between the processes of a cluster, with what may be done to it. */
export interface LivingBroker {
  /** Settings that lead a process to it. */
  readonly env: Env
  /** The port of each of its servers, for a proxy before it; none where the database is its own broker. */
  readonly ports: readonly number[]
  /** Settings that lead a process to it by other ports, in the same order. */
  envBy(ports: readonly number[]): Env
  /** How many dispatches wait in it. */
  depth(): number
  /** Makes it lose everything, and blocks this process meanwhile. */
  wipe(): void
  /** Makes it lose everything without blocking this process; the broker may be down meanwhile. */
  empty(): Promise<void>
  kill(): Promise<void>
  /** Ends it in good order, where that differs from a kill. */
  shutDown(): Promise<void>
  revive(): Promise<void>
  stop(): Promise<void>
}

/** @param programOf finds the program of a service */
export async function startBroker(
  name: BrokerName,
  programOf: (service: 'redis' | 'rabbitmq') => string,
): Promise<LivingBroker> {
  if (name === 'redis') return redis(await startRedis(programOf(name)))
  if (name === 'rabbitmq') return rabbitmq(await startRabbitmq(programOf(name)))
  return DATABASE_ITSELF
}

const nothing = async (): Promise<void> => {}

const DATABASE_ITSELF: LivingBroker = {
  env: {},
  ports: [],
  envBy: () => ({}),
  depth: () => 0,
  wipe() {},
  empty: nothing,
  kill: nothing,
  shutDown: nothing,
  revive: nothing,
  stop: nothing,
}

function redis({ port, run, kill, start, stop }: RedisServer): LivingBroker {
  const envBy = ([port]: readonly number[]): Env => ({
    TASKFLOW_BROKER: 'redis',
    TASKFLOW_REDIS_URL: `redis://127.0.0.1:${port}`,
  })
  const wipe = () => void run('flushall')
  return {
    env: envBy([port]),
    ports: [port],
    envBy,
    depth: () =>
      run('--scan', '--pattern', 'taskflow:*')
        .split('\n')
        .filter((key) => key !== '' && run('type', key) === 'zset')
        .reduce((sum, key) => sum + Number(run('zcard', key)), 0),
    wipe,
    empty: async () => wipe(),
    kill,
    shutDown: kill,
    revive: start,
    stop,
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
          // The queue of a process goes with its connection, which ends when it misses another queue.
          if (queues().some(([left]) => left === name)) throw error
        }
      }
    },
    // The command of RabbitMQ would block this process for seconds.
    async empty() {
      await server.kill()
      server.forget()
      await server.start()
    },
    kill: server.kill,
    shutDown: server.shutDown,
    revive: server.start,
    stop: server.stop,
  }
}

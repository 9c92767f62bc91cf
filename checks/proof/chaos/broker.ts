import { startRabbitmq } from '@taskflow/testing/rabbitmq-server'
import { startRedis } from '@taskflow/testing/redis-server'
import type { BrokerName } from './schedule.ts'

type Env = Readonly<Record<string, string>>

/** What carries word between the processes of a run, and what may be done to it. */
export interface BrokerUnderHarm {
  /** None where the database is its own broker. */
  readonly port: number | undefined
  /** Settings that lead a process to it by another port. */
  envAt(port: number): Env
  kill(): Promise<void>
  shutDown(): Promise<void>
  start(): Promise<void>
  /** It forgets all that it holds. */
  wipe(): Promise<void>
  stop(): Promise<void>
}

/** @param program says where that of a service is */
export async function startBroker(
  name: BrokerName,
  program: (service: 'redis' | 'rabbitmq') => string,
): Promise<BrokerUnderHarm> {
  if (name === 'redis') return redis(program(name))
  if (name === 'rabbitmq') return rabbitmq(program(name))
  const nothing = async (): Promise<void> => {}
  return {
    port: undefined,
    envAt: () => ({}),
    kill: nothing,
    shutDown: nothing,
    start: nothing,
    wipe: nothing,
    stop: nothing,
  }
}

async function redis(program: string): Promise<BrokerUnderHarm> {
  const server = await startRedis(program)
  return {
    port: server.port,
    envAt: (port) => ({ TASKFLOW_BROKER: 'redis', TASKFLOW_REDIS_URL: `redis://127.0.0.1:${port}` }),
    kill: server.kill,
    shutDown: server.kill,
    start: server.start,
    wipe: async () => void server.run('flushall'),
    stop: server.stop,
  }
}

async function rabbitmq(program: string): Promise<BrokerUnderHarm> {
  const server = await startRabbitmq(program)
  return {
    port: server.port,
    envAt: (port) => ({ TASKFLOW_BROKER: 'rabbitmq', TASKFLOW_AMQP_URL: `amqp://guest:guest@127.0.0.1:${port}` }),
    kill: server.kill,
    shutDown: server.shutDown,
    start: server.start,
    // Its own command would hold up this process for seconds, and with it all networks of the run.
    async wipe() {
      await server.kill()
      server.forget()
      await server.start()
    },
    stop: server.stop,
  }
}

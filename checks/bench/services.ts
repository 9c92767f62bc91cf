import { findServices, SERVICES, type ServiceName } from '@taskflow/testing/find-services'
import { type PgbouncerServer, startPgbouncer } from '@taskflow/testing/pgbouncer-server'
import { type RabbitmqServer, startRabbitmq } from '@taskflow/testing/rabbitmq-server'
import { type RedisServer, startRedis } from '@taskflow/testing/redis-server'

/** Said to the server as flags, and stated in the results. */
export const REDIS_SETTINGS = 'appendonly yes, appendfsync everysec'

/** Servers beside PostgreSQL, started when first asked for. */
export interface Services {
  /** In words, what this machine has not. */
  readonly missing: Readonly<Partial<Record<ServiceName, string>>>
  readonly versions: Readonly<Record<string, string>>
  /** One Redis for the whole run, emptied. */
  redis(): Promise<string>
  /** A RabbitMQ of its own each time: emptying one takes longer than another's start. */
  rabbitmq(): Promise<Pick<RabbitmqServer, 'url' | 'stop'>>
  /** A PgBouncer before this PostgreSQL. */
  pgbouncer(url: string, poolSize: number): Promise<PgbouncerServer>
  stop(): Promise<void>
}

export function openServices(): Services {
  const { programs, missing, ran } = findServices()
  const of = (sentences: readonly string[], name: ServiceName) =>
    sentences.find((sentence) => sentence.startsWith(SERVICES[name].title))
  const named = (sentences: readonly string[]) =>
    Object.fromEntries(
      (Object.keys(SERVICES) as ServiceName[]).flatMap((name) => {
        const sentence = of(sentences, name)
        return sentence === undefined ? [] : [[name, sentence]]
      }),
    )
  let running: Promise<RedisServer> | undefined

  return {
    missing: named(missing),
    versions: Object.fromEntries(
      Object.entries(named(ran)).map(([name, sentence]) => [name, /[\d.]+/.exec(sentence)?.[0] ?? 'unknown']),
    ),
    async redis() {
      running ??= startRedis(programs.redis ?? '', { appends: true, flags: ['--appendfsync', 'everysec'] })
      const { url, run } = await running
      run('flushall')
      return url
    },
    rabbitmq: () => startRabbitmq(programs.rabbitmq ?? ''),
    pgbouncer: (url, poolSize) => startPgbouncer(programs.pgbouncer ?? '', url, { poolSize }),
    async stop() {
      await (await running)?.stop()
    },
  }
}

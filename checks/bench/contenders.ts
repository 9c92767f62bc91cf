/**
 * Who races, in the order of the tables. A contender is one entry here and one module in `contenders/`, which only its own
 * processes load; `bench/README.md` says how to add one.
 */

import type { Place } from './peer.ts'
import { type Server, type Start, startPeerProducer, startPeerWorker, startPython, startTaskFlow } from './processes.ts'
import type { Bench } from './scenario.ts'
import type { StoreName } from './store-name.ts'

/** A system in the race, as the harness knows it. It has the same settings in every row. */
export interface Contender {
  /** As it is called in tables. */
  readonly title: string
  /** Servers it keeps its tasks in, each empty at first. */
  readonly stores: readonly StoreName[]
  /** The settings that differ from its defaults, and who recommends them. */
  readonly settings: string
  /** Its npm packages, or its Python packages. */
  readonly packages: readonly string[]
  /** Its share of the tasks that others get: a slow contender gets fewer, so that its round is not the longest of all. */
  readonly share: number
  /** The maximum number of rounds in which it runs; only for a contender that no target compares with. */
  readonly mostRounds?: number
  startProducer(bench: Bench, place: Place, start: Start): Server
  /** One worker process, with its handlers loaded. */
  startWorker(bench: Bench, place: Place, start: Start): Promise<Server>
  /** Processes of one worker that run handlers and report. */
  readonly reportersPerWorker: number
  /** Whether it has a way to submit many at once. */
  readonly hasBatches: boolean
  readonly isPython?: true
}

interface Peer extends Pick<Contender, 'title' | 'stores' | 'settings' | 'packages'> {
  readonly module: string
  readonly share?: number
}

const peer = ({ module, share = 1, ...rest }: Peer): Contender => ({
  ...rest,
  share,
  startProducer: (_bench, place, start) => startPeerProducer(module, place, start),
  startWorker: async (_bench, place, start) => startPeerWorker(module, place, start),
  reportersPerWorker: 1,
  hasBatches: true,
})

const taskflow = (title: string, module: string, broker: 'postgres' | 'redis' | 'rabbitmq'): Contender => ({
  ...peer({
    title,
    module,
    stores: broker === 'postgres' ? ['postgresql'] : ['postgresql', broker],
    settings: '100 slots',
    packages: [],
  }),
  startWorker: (_bench, { postgresUrl, redisUrl, amqpUrl }, start) =>
    startTaskFlow(
      {
        TASKFLOW_DATABASE_URL: postgresUrl,
        TASKFLOW_BROKER: broker,
        ...(broker === 'redis' && { TASKFLOW_REDIS_URL: redisUrl }),
        ...(broker === 'rabbitmq' && { TASKFLOW_AMQP_URL: amqpUrl }),
      },
      { ...start, roles: ['worker'] },
    ),
})

export const TASKFLOW = taskflow('TaskFlow', 'taskflow', 'postgres')
export const TASKFLOW_REDIS = taskflow('TaskFlow with Redis', 'taskflow-redis', 'redis')
export const TASKFLOW_RABBITMQ = taskflow('TaskFlow with RabbitMQ', 'taskflow-rabbitmq', 'rabbitmq')

/** Not a system, but what this machine allows. */
export const BARE_QUEUE = peer({
  title: 'limit: bare queue',
  module: 'bare-queue',
  stores: ['postgresql'],
  settings: 'a table of five columns; 500 rows per claim and settlement, 1,000 per insert; nothing else',
  packages: [],
})

export const BULLMQ_REDIS = peer({
  title: 'BullMQ, Redis',
  module: 'bullmq-redis',
  stores: ['redis'],
  settings: 'concurrency 100; addBulk',
  packages: ['bullmq', 'ioredis'],
})

const BULLMQ_POSTGRES = peer({
  title: 'BullMQ, PostgreSQL',
  module: 'bullmq-postgres',
  stores: ['postgresql'],
  settings: 'as in its guide to PostgreSQL: one connection per job in parallel, concurrency 32; addBulk',
  packages: ['bullmq'],
  share: 0.1,
})

export const BEE_QUEUE = peer({
  title: 'bee-queue, Redis',
  module: 'bee-queue',
  stores: ['redis'],
  settings: 'as in its README: concurrency 100, no events, no jobs kept in memory; saveAll',
  packages: ['bee-queue'],
})

export const GRAPHILE = peer({
  title: 'graphile-worker',
  module: 'graphile-worker',
  stores: ['postgresql'],
  settings:
    'as in its page on performance: concurrentJobs 24, maxPoolSize 25, localQueue.size 500, completeJobBatchDelay 0, ' +
    'failJobBatchDelay 0; addJobs; deletes finished jobs',
  packages: ['graphile-worker'],
})

const PG_BOSS = peer({
  title: 'pg-boss',
  module: 'pg-boss',
  stores: ['postgresql'],
  settings:
    'as in its page on workers: batchSize 500, burstWhenBatchFull, localConcurrency 2, notify and useListenNotify; no supervision, no schedules; insert',
  packages: ['pg-boss'],
})

export const CELERY: Contender = {
  title: 'Celery, Redis',
  stores: ['redis'],
  settings:
    'as in its pages on optimizing: prefork 2, prefetch 100, results ignored, no rate limits, remote control, gossip, mingle or heartbeat; 4 submitting threads',
  packages: ['celery'],
  share: 0.1,
  mostRounds: 1,
  startProducer: ({ python }, { redisUrl }, { env }) =>
    startPython(python(), 'python', ['producer.py'], { ...env, REDIS_URL: redisUrl }),
  startWorker: async ({ python }, { redisUrl }, { env }) =>
    startPython(python(), 'celery', celeryWorker('noop_app'), { ...env, REDIS_URL: redisUrl }),
  reportersPerWorker: 2,
  hasBatches: false,
  isPython: true,
}

export const celeryWorker = (app: string): string[] => [
  ...['--quiet', '--app', app, 'worker', '--pool', 'prefork', '--concurrency', '2', '--loglevel', 'ERROR'],
  ...['--without-gossip', '--without-mingle', '--without-heartbeat'],
]

/** On PostgreSQL, each with rows that outlive it. */
export const POSTGRES_PEERS = [BULLMQ_POSTGRES, GRAPHILE, PG_BOSS]

export const PEERS = [BULLMQ_REDIS, BEE_QUEUE, CELERY, ...POSTGRES_PEERS]

import type { Clock } from '@taskflow/kernel'
import type { Broker, Dispatch } from '@taskflow/tasks'
import { type Homes, redisConsumer } from './redis-consumer.ts'
import { type RedisInstance, redisInstance } from './redis-instance.ts'
import { SCRIPTS } from './scripts.ts'
import { subqueueKey, takenKey } from './subqueue-keys.ts'

interface Options {
  /** One server, or one node of a cluster. */
  readonly url: string
  /** A second server for the classes normal and low, so that a flood of them cannot delay critical and high. */
  readonly lowUrl?: string | undefined
  readonly clock: Clock
}

// A script with this many tasks runs for a millisecond or two, and blocks all other clients meanwhile.
const CHUNK = 1_000

/**
 * Keeps each subqueue in Redis, as a sorted set by rank.
 *
 *     publish ─▶ subqueue ─take─▶ taken, until a deadline ─acknowledge─▶ removed
 *                    ▲                      │
 *                    └───release, recover───┘
 *
 * A sorted set returns the smallest rank first, also across types and classes (so ageing holds), keeps a repeated
 * dispatch once, and knows its length. The tasks of a lost consumer return to their subqueue after their deadline.
 *
 * With two instances, both must answer a take. A consumer that is refused takes from PostgreSQL, which serves every
 * class.
 */
export function redisBroker({ url, lowUrl, clock }: Options): Broker {
  const high = redisInstance({ url, clock })
  const low = lowUrl === undefined ? high : redisInstance({ url: lowUrl, clock })
  const homes: Homes = { critical: high, high, normal: low, low }
  const instances = [...new Set([high, low])]
  const consumer = redisConsumer({ homes, clock })

  async function publishTo(subqueue: string, home: RedisInstance, dispatches: readonly Dispatch[]): Promise<void> {
    for (let start = 0; start < dispatches.length; start += CHUNK) {
      const chunk = dispatches.slice(start, start + CHUNK)
      const tasks = chunk.flatMap(({ rankMs, taskId }) => [rankMs, taskId])
      await home.run(SCRIPTS.publish, [subqueue], tasks)
    }
  }

  return {
    name: 'redis',
    async publish(dispatches) {
      const homesOfClasses = [...Map.groupBy(dispatches, ({ priority }) => homes[priority])]
      const publications = homesOfClasses.flatMap(([home, ofHome]) =>
        [...Map.groupBy(ofHome, subqueueKey)].map(([subqueue, ofSubqueue]) => publishTo(subqueue, home, ofSubqueue)),
      )
      await Promise.all(publications)
    },
    take: consumer.take,
    depths: (subqueues) =>
      Promise.all(
        subqueues.map(async (subqueue) => {
          const key = subqueueKey(subqueue)
          return Number(await homes[subqueue.priority].run(SCRIPTS.depth, [key, takenKey(key)], []))
        }),
      ),
    async ping() {
      await Promise.all(instances.map(({ call }) => call((client) => client.ping())))
    },
    async close() {
      await consumer.close()
      await Promise.all(instances.map((instance) => instance.close()))
    },
  }
}

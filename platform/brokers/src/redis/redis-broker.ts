import type { Clock } from '@taskflow/kernel'
import type { Broker, Dispatch } from '@taskflow/tasks'
import { subqueueKey, takenKey } from './subqueue-keys.ts'
import { type RedisInstance, redisInstance } from './redis-instance.ts'
import { type Homes, redisConsumer } from './redis-consumer.ts'
import { SCRIPTS } from './scripts.ts'

interface Options {
  /** One server, or one node of a cluster. */
  readonly url: string
  /** Another one, for normal and low; the first then carries critical and high, which no flood of the others delays. */
  readonly lowUrl?: string | undefined
  readonly clock: Clock
}

// A script of so many takes a millisecond or two, and everybody else waits for it.
const CHUNK = 1_000

/**
 * Keeps each line in Redis, as a sorted set by rank.
 *
 *     publish ─▶ line ─take─▶ taken, until a deadline ─acknowledge─▶ gone
 *                  ▲                    │
 *                  └──release, recover──┘
 *
 * A sorted set gives the smallest rank first, also over types and classes (so
 * ageing holds), keeps once what is published twice, and knows its length. What
 * a taker held that is gone comes back once its deadline has passed.
 *
 * Of two instances both must answer a take: whoever is refused takes from
 * PostgreSQL, which serves every class.
 */
export function redisBroker({ url, lowUrl, clock }: Options): Broker {
  const high = redisInstance({ url, clock })
  const low = lowUrl === undefined ? high : redisInstance({ url: lowUrl, clock })
  const homes: Homes = { critical: high, high, normal: low, low }
  const instances = [...new Set([high, low])]
  const taker = redisConsumer({ homes, clock })

  async function publishTo(line: string, home: RedisInstance, dispatches: readonly Dispatch[]): Promise<void> {
    for (let start = 0; start < dispatches.length; start += CHUNK) {
      const chunk = dispatches.slice(start, start + CHUNK)
      const tasks = chunk.flatMap(({ rankMs, taskId }) => [rankMs, taskId])
      await home.run(SCRIPTS.publish, [line], tasks)
    }
  }

  return {
    name: 'redis',
    async publish(dispatches) {
      const homesOfClasses = [...Map.groupBy(dispatches, ({ priority }) => homes[priority])]
      const publications = homesOfClasses.flatMap(([home, ofHome]) =>
        [...Map.groupBy(ofHome, subqueueKey)].map(([line, ofLine]) => publishTo(line, home, ofLine)),
      )
      await Promise.all(publications)
    },
    take: taker.take,
    depths: (lines) =>
      Promise.all(
        lines.map(async (line) => {
          const key = subqueueKey(line)
          return Number(await homes[line.priority].run(SCRIPTS.depth, [key, takenKey(key)], []))
        }),
      ),
    async ping() {
      await Promise.all(instances.map(({ call }) => call((client) => client.ping())))
    },
    async close() {
      await taker.close()
      await Promise.all(instances.map((instance) => instance.close()))
    },
  }
}

import { redisBroker } from '@taskflow/brokers/redis'
import type { Dispatch, TaskId } from '@taskflow/tasks'
import { newTaskId } from '@taskflow/testing/ids'
import { systemClock } from '@taskflow/testing/system-clock'
import { Redis } from 'ioredis'
import type { Figures } from '../rounds.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'
import { SUBQUEUE, SUBQUEUE_RATES, type SubqueueClient, subqueueRates, TAKE } from '../subqueue-rates.ts'

const sizesOf = (bench: Bench) => ({ dispatches: sized(bench, 50_000, 5_000, 500) })

export const redisSubqueues: Scenario = {
  name: 'redis-subqueues',
  isAside: true,
  title: 'Redis structures for subqueues',
  summary:
    'A comparison of Redis structures that can store a subqueue (the queued tasks of one queue, type and priority ' +
    'class), for decision 8. Sorted sets are the broker itself.',
  figures: SUBQUEUE_RATES,
  settings: sizesOf,
  contenders(bench) {
    const missing = bench.services.missing.redis
    const entry = (open: (url: string) => SubqueueClient) =>
      missing === undefined ? () => measure(bench, open) : { missing }
    return {
      'sorted sets': entry(sortedSets),
      'streams, consumer group': entry(streams),
      'lists, no acknowledgement': entry(lists),
    }
  },
}

const measure = async (bench: Bench, open: (url: string) => SubqueueClient): Promise<Figures> => {
  const url = await bench.services.redis()
  return subqueueRates(() => open(url), sizesOf(bench).dispatches)
}

function sortedSets(url: string): SubqueueClient {
  const broker = redisBroker({ url, clock: systemClock })
  const { project, queue, type } = SUBQUEUE
  const { signal } = new AbortController()
  let rankMs = Date.now()
  const dispatchOf = (taskId: TaskId): Dispatch => ({ ...SUBQUEUE, taskId, rankMs: rankMs++ })
  return {
    publish: (ids) => (ids.length > 0 ? broker.publish(ids.map(dispatchOf)) : broker.ping()),
    async take() {
      const options = { project, queues: [queue], isDrawn: false, types: [type], max: TAKE, waitMs: 0, signal }
      const delivery = await broker.take(options)
      const count = delivery?.tasks.length ?? 0
      await delivery?.acknowledge(count)
      return count
    },
    close: broker.close,
  }
}

/** An entry is deleted as it is acknowledged: a stream keeps it otherwise, and its length is then no depth. */
function streams(url: string): SubqueueClient {
  const client = new Redis(url)
  const ready = client.xgroup('CREATE', 'subqueue', 'workers', '0', 'MKSTREAM').catch(() => {})
  const name = newTaskId()
  return {
    async publish(ids) {
      await ready
      const pipeline = client.pipeline()
      for (const id of ids) pipeline.xadd('subqueue', '*', 'id', id)
      await pipeline.exec()
    },
    async take() {
      const answer = await client.xreadgroup('GROUP', 'workers', name, 'COUNT', TAKE, 'STREAMS', 'subqueue', '>')
      const [[, entries] = []] = (answer ?? []) as [string, [string, string[]][]][]
      const ids = (entries ?? []).map(([id]) => id)
      if (ids.length > 0)
        await client
          .pipeline()
          .xack('subqueue', 'workers', ...ids)
          .xdel('subqueue', ...ids)
          .exec()
      return ids.length
    },
    close: () => client.quit(),
  }
}

/** A take removes the dispatches from Redis: there is nothing to acknowledge, and nothing to recover. */
function lists(url: string): SubqueueClient {
  const client = new Redis(url)
  return {
    publish: (ids) => (ids.length > 0 ? client.lpush('subqueue', ...ids) : client.ping()),
    async take() {
      const answer = await client.lmpop(1, 'subqueue', 'RIGHT', 'COUNT', TAKE)
      return answer?.[1].length ?? 0
    },
    close: () => client.quit(),
  }
}

import { execFileSync } from 'node:child_process'
import { redisBroker } from '@taskflow/brokers/redis'
import type { Dispatch, TaskId } from '@taskflow/core'
import { newTaskId } from '@taskflow/testing/ids'
import { startRedis } from '@taskflow/testing/redis-server'
import { systemClock } from '@taskflow/testing/system-clock'
import { Redis } from 'ioredis'
import { type Figures, rateOf } from '../rounds.ts'
import type { Bench, Scenario } from '../scenario.ts'

const BATCH = 500
const AT_ONCE = 50
const TAKE = 100
const LINE = { project: 'default', queue: 'default', type: 'small-work', priority: 'normal' } as const

/** One client of a way to keep a line in Redis. */
interface Contender {
  publish(ids: readonly TaskId[]): Promise<unknown>
  /** Takes up to `TAKE`, and acknowledges where there is such a thing; resolves with how many. */
  take(): Promise<number>
  close(): Promise<unknown>
}

const sizesOf = ({ isQuick }: Bench) => ({ dispatches: isQuick ? 5_000 : 50_000 })

export const redisLines: Scenario = {
  name: 'redis-lines',
  summary: 'Which structure of Redis carries the lines: what decision 8 rests on. Sorted sets are the broker itself.',
  figures: {
    'publish, batches of 500': 'dispatches/s',
    'publish, one, 50 at once': 'dispatches/s',
    'take 100, one taker': 'dispatches/s',
    'take 100, four takers': 'dispatches/s',
  },
  settings: (bench) => ({ ...sizesOf(bench), redis: versionOfRedis(), appendfsync: 'everysec' }),
  contenders: (bench) => ({
    'sorted sets': () => measure(bench, sortedSets),
    'streams, consumer group': () => measure(bench, streams),
    'lists, no acknowledgement': () => measure(bench, lists),
  }),
}

const versionOfRedis = (): string =>
  /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown'

async function measure(bench: Bench, open: (url: string) => Contender): Promise<Figures> {
  const { dispatches } = sizesOf(bench)
  const ids = Array.from({ length: dispatches }, newTaskId)
  // It writes what it holds to the disk, each second: as an operator would have it.
  const { url, stop } = await startRedis('redis-server', { appends: true })
  const publisher = open(url)
  try {
    const batches = await rateOf(dispatches, () => publishBatches(publisher, ids))
    const one = await rateOfTaking(url, open, 1, dispatches)
    const singles = await rateOf(dispatches, () => publishSingly(publisher, ids))
    const four = await rateOfTaking(url, open, 4, dispatches)
    return {
      'publish, batches of 500': batches,
      'publish, one, 50 at once': singles,
      'take 100, one taker': one,
      'take 100, four takers': four,
    }
  } finally {
    await publisher.close()
    await stop()
  }
}

async function publishBatches({ publish }: Contender, ids: readonly TaskId[]): Promise<void> {
  for (let start = 0; start < ids.length; start += BATCH) await publish(ids.slice(start, start + BATCH))
}

async function publishSingly({ publish }: Contender, ids: readonly TaskId[]): Promise<void> {
  const left = ids.values()
  const lane = async () => {
    for (const id of left) await publish([id])
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

/** Until every one was taken, by so many takers with a connection of their own each. */
async function rateOfTaking(
  url: string,
  open: (url: string) => Contender,
  count: number,
  dispatches: number,
): Promise<number> {
  const takers = Array.from({ length: count }, () => open(url))
  // Connected, and with its scripts.
  await Promise.all(takers.map(({ publish }) => publish([])))
  let taken = 0
  const takeAll = async ({ take }: Contender) => {
    while (taken < dispatches) {
      const count = await take()
      taken += count
    }
  }
  try {
    return await rateOf(dispatches, () => Promise.all(takers.map(takeAll)))
  } finally {
    await Promise.all(takers.map(({ close }) => close()))
  }
}

function sortedSets(url: string): Contender {
  const broker = redisBroker({ url, clock: systemClock })
  const { project, queue, type } = LINE
  const { signal } = new AbortController()
  let rankMs = Date.now()
  const dispatchOf = (taskId: TaskId): Dispatch => ({ ...LINE, taskId, rankMs: rankMs++ })
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
function streams(url: string): Contender {
  const client = new Redis(url)
  const ready = client.xgroup('CREATE', 'line', 'workers', '0', 'MKSTREAM').catch(() => {})
  const name = newTaskId()
  return {
    async publish(ids) {
      await ready
      const pipeline = client.pipeline()
      for (const id of ids) pipeline.xadd('line', '*', 'id', id)
      await pipeline.exec()
    },
    async take() {
      const answer = await client.xreadgroup('GROUP', 'workers', name, 'COUNT', TAKE, 'STREAMS', 'line', '>')
      const [[, entries] = []] = (answer ?? []) as [string, [string, string[]][]][]
      const ids = (entries ?? []).map(([id]) => id)
      if (ids.length > 0)
        await client
          .pipeline()
          .xack('line', 'workers', ...ids)
          .xdel('line', ...ids)
          .exec()
      return ids.length
    },
    close: () => client.quit(),
  }
}

/** What was taken is gone: there is nothing to acknowledge, and nothing to recover. */
function lists(url: string): Contender {
  const client = new Redis(url)
  return {
    publish: (ids) => (ids.length > 0 ? client.lpush('line', ...ids) : client.ping()),
    async take() {
      const answer = await client.lmpop(1, 'line', 'RIGHT', 'COUNT', TAKE)
      return answer?.[1].length ?? 0
    },
    close: () => client.quit(),
  }
}

import { setTimeout as pause } from 'node:timers/promises'
import { rabbitmqBroker } from '@taskflow/brokers/rabbitmq'
import type { Broker, Dispatch, TaskId } from '@taskflow/tasks'
import { newTaskId } from '@taskflow/testing/ids'
import { systemClock } from '@taskflow/testing/system-clock'
import { type Channel, Connection } from 'rabbitmq-client'
import { type Figures, percentileOf } from '../rounds.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'
import { SUBQUEUE, SUBQUEUE_RATES, type SubqueueClient, subqueueRates, TAKE } from '../subqueue-rates.ts'

const QUEUE = `taskflow/${SUBQUEUE.project}/${SUBQUEUE.queue}/${SUBQUEUE.type}/${SUBQUEUE.priority}`
const GETTERS = 10
const POLL_MS = 20
const GAP_MS = 10
const WARM_UP = 20

/** One that also waits where there is nothing. */
interface Contender extends SubqueueClient {
  /** Resolves with how many were taken, as soon as there are any. */
  takeWhenThere(): Promise<number>
}

const sizesOf = (bench: Bench) =>
  sized(
    bench,
    { dispatches: 20_000, samples: 300 },
    { dispatches: 5_000, samples: 50 },
    { dispatches: 500, samples: 5 },
  )

export const rabbitmqSubqueues: Scenario = {
  name: 'rabbitmq-subqueues',
  isAside: true,
  title: 'Taking from RabbitMQ',
  summary:
    'Two ways to take from a quorum queue of RabbitMQ, for decision 9. Consumers are the broker itself. Gets use ' +
    `${GETTERS} channels at once and poll every ${POLL_MS} ms. Wait is the time from the call that publishes a ` +
    'message to the end of the take that waited for it.',
  figures: { ...SUBQUEUE_RATES, 'wait p50': 'ms', 'wait p99': 'ms' },
  settings: sizesOf,
  contenders: (bench) => {
    const missing = bench.services.missing.rabbitmq
    const entry = (open: Parameters<typeof measure>[1]) =>
      missing === undefined ? () => measure(bench, open) : { missing }
    return { consumers: entry(consumers), 'basic.get': entry(gets) }
  },
}

async function measure(bench: Bench, open: (url: string) => Contender): Promise<Figures> {
  const { dispatches, samples } = sizesOf(bench)
  const { url, stop } = await bench.services.rabbitmq()
  try {
    const rates = await subqueueRates(() => open(url), dispatches)
    return { ...rates, ...(await waits(open(url), open(url), samples)) }
  } finally {
    await stop()
  }
}

async function waits(publisher: Contender, taker: Contender, samples: number): Promise<Figures> {
  const waited: number[] = []
  for (let sample = 0; sample < WARM_UP + samples; sample++) {
    const taking = taker.takeWhenThere()
    await pause(GAP_MS)
    const calledAt = performance.now()
    const publishing = publisher.publish([newTaskId()])
    await taking
    waited.push(performance.now() - calledAt)
    await publishing
  }
  await Promise.all([publisher.close(), taker.close()])
  const counted = waited.slice(WARM_UP)
  return { 'wait p50': percentileOf(counted, 0.5), 'wait p99': percentileOf(counted, 0.99) }
}

function consumers(url: string): Contender {
  const broker = rabbitmqBroker({ url, clock: systemClock })
  const { project, queue, type } = SUBQUEUE
  const { signal } = new AbortController()
  async function takeWithin(waitMs: number): Promise<number> {
    const options = { project, queues: [queue], isDrawn: false, types: [type], max: TAKE, waitMs, signal }
    const delivery = await broker.take(options)
    const count = delivery?.tasks.length ?? 0
    await delivery?.acknowledge(count)
    return count
  }
  return {
    publish: publishingBy(broker),
    take: () => takeWithin(0),
    takeWhenThere: () => takeWithin(10_000),
    close: broker.close,
  }
}

/** A channel answers one call after the other, hence several. */
function gets(url: string): Contender {
  const broker = rabbitmqBroker({ url, clock: systemClock })
  const connection = new Connection({ url, noDelay: true })
  const channels = Promise.all(Array.from({ length: GETTERS }, () => connection.acquire()))
  async function take(): Promise<number> {
    const counts = await Promise.all((await channels).map(getSome))
    return counts.reduce((sum, count) => sum + count, 0)
  }
  return {
    publish: publishingBy(broker),
    take,
    async takeWhenThere() {
      for (;;) {
        const count = await take()
        if (count > 0) return count
        await pause(POLL_MS)
      }
    },
    async close() {
      for (const channel of await channels) await channel.close()
      await Promise.all([connection.close(), broker.close()])
    },
  }
}

async function getSome(channel: Channel): Promise<number> {
  let count = 0
  let deliveryTag: number | undefined
  while (count < TAKE / GETTERS) {
    const message = await channel.basicGet({ queue: QUEUE })
    if (!message) break
    deliveryTag = message.deliveryTag
    count++
  }
  if (deliveryTag !== undefined) channel.basicAck({ deliveryTag, multiple: true })
  return count
}

function publishingBy(broker: Broker): SubqueueClient['publish'] {
  let rankMs = Date.now()
  const dispatchOf = (taskId: TaskId): Dispatch => ({ ...SUBQUEUE, taskId, rankMs: rankMs++ })
  return (ids) => (ids.length > 0 ? broker.publish(ids.map(dispatchOf)) : broker.ping())
}

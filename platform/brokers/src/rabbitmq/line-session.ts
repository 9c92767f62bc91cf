import type { Clock } from '@taskflow/kernel'
import type { AsyncMessage } from 'rabbitmq-client'
import { expectation } from './expectation.ts'
import { declareQueue } from './line-queue.ts'
import type { Link } from './link.ts'
import { decodeMessage, type Message } from './message.ts'
import { type Unsettled, unsettled } from './unsettled.ts'

// RabbitMQ (3.10) has been seen to lose a consumer, and to say nothing. Beginning anew costs five round trips.
const STALE_MS = 30_000

/** Word of a task that has been delivered to this process. */
export interface Word extends Message {
  readonly deliveryTag: number
  readonly arrivedAt: number
  /** Where it is settled. */
  readonly unsettled: Unsettled
}

/** The consuming of one line on one channel, until either ends. */
export interface LineSession {
  /** Those that were not taken, in the order of rank. */
  readonly arrived: Word[]
  readonly unsettled: Unsettled
  /** How many RabbitMQ lets be out with us; zero when it sends none. */
  readonly prefetch: number
  /** Whether as many were out at once since that number last grew. */
  readonly wasFull: boolean
  isDueBefore(rankMs: number): boolean
  /** Lets so many more be out. */
  consume(prefetch: number): Promise<void>
  /** Lets no more come, and gives back those that were not taken. */
  cancel(): Promise<void>
  /** Asks whether more are to come, where that is uncertain. */
  inquire(): void
  /** Whether it consumes and nothing has come for so long that it is worth while to begin anew. */
  readonly isStale: boolean
  close(): void
}

export interface SessionOptions {
  readonly link: Link
  readonly clock: Clock
  readonly queue: string
  /** A word has arrived, or it is known whether one is due. */
  onChange(): void
  /** The channel has closed: what it delivered is in the queue again. */
  onEnd(isQueueGone: boolean): void
}

interface Consumer {
  tag: string
  readonly prefetch: number
  isOver: boolean
}

export async function openSession({ link, clock, queue, onChange, onEnd }: SessionOptions): Promise<LineSession> {
  const channel = await link.openChannel()
  const expected = expectation(clock)
  const out = unsettled(channel, expected.settled)
  let consumers: Consumer[] = []
  let arrived: Word[] = []
  let wasFull = false
  let isInquiring = false
  let isQueueGone = false
  let lastSignAt = 0

  channel.once('close', () => onEnd(isQueueGone))
  channel.once('basic.cancel', () => {
    isQueueGone = true
    void channel.close()
  })

  const prefetch = (): number => consumers.reduce((sum, consumer) => sum + consumer.prefetch, 0)

  function receive(consumer: Consumer, { deliveryTag, body }: AsyncMessage): void {
    out.add(deliveryTag)
    lastSignAt = clock.monotonicMs()
    const message = decodeMessage(body)
    if (!message) out.acknowledge([deliveryTag])
    else if (consumer.isOver) out.giveBack([deliveryTag])
    else arrive({ ...message, deliveryTag, arrivedAt: clock.monotonicMs(), unsettled: out })
  }

  function arrive(word: Word): void {
    arrived.splice(arrived.findLastIndex(({ rankMs }) => rankMs <= word.rankMs) + 1, 0, word)
    const isFull = out.size >= prefetch()
    if (isFull) wasFull = true
    expected.delivered(word.rankMs, isFull)
    onChange()
  }

  return {
    get arrived() {
      return arrived
    },
    unsettled: out,
    get prefetch() {
      return prefetch()
    },
    get wasFull() {
      return wasFull
    },
    isDueBefore: (rankMs) => arrived.length === 0 && out.size < prefetch() && expected.isDueBefore(rankMs),
    async consume(count) {
      // Declared each time: that costs little, mends a deleted queue, and tells what to expect.
      const waiting = await link.ask(() => declareQueue(channel, queue))
      await link.ask(() => channel.basicQos({ prefetchCount: count }))
      const consumer: Consumer = { tag: '', prefetch: count, isOver: false }
      const { consumerTag } = await link.ask(() =>
        channel.basicConsume({ queue }, (message) => receive(consumer, message)),
      )
      consumer.tag = consumerTag
      consumers.push(consumer)
      wasFull = false
      lastSignAt = clock.monotonicMs()
      expected.told(waiting)
    },
    async cancel() {
      const cancelled = consumers
      consumers = []
      for (const consumer of cancelled) {
        await link.ask(() => channel.basicCancel(consumer.tag))
        consumer.isOver = true
      }
      const left = arrived
      arrived = []
      out.giveBack(left.map(({ deliveryTag }) => deliveryTag))
    },
    inquire() {
      if (isInquiring || !expected.isUncertain) return
      isInquiring = true
      link
        .ask(() => declareQueue(channel, queue))
        // One that fails closes the channel, and that is heard.
        .then(expected.told, () => {})
        .finally(() => {
          isInquiring = false
          onChange()
        })
    },
    get isStale() {
      return prefetch() > 0 && out.size === 0 && clock.monotonicMs() - lastSignAt >= STALE_MS
    },
    close: () => void channel.close(),
  }
}

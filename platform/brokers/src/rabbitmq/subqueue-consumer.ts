import type { Clock } from '@taskflow/kernel'
import type { AsyncMessage, Channel } from 'rabbitmq-client'
import type { RabbitmqConnection } from './connection.ts'
import { decodeMessage, type Message } from './message.ts'
import { declareQueue, REDECLARE_MS } from './subqueue.ts'

// A delivery follows its cause within a few milliseconds, or another consumer was faster.
export const DELIVERY_MS = 20
// A queue that is slow to answer must not delay the takes from other queues for longer.
const START_MS = 100
// RabbitMQ 3.10 has been seen to lose a consumer without a sign. A new one costs a few round trips.
const STALE_MS = 30_000

/** A message that has been delivered to this process. */
export interface Arrival extends Message {
  readonly consumer: SubqueueConsumer
  readonly deliveryTag: number
  readonly arrivedAt: number
}

interface Deps {
  readonly connection: RabbitmqConnection
  readonly clock: Clock
  readonly queue: string
  /** The number of messages that RabbitMQ lets be out with this consumer. */
  readonly prefetch: number
  /** Called when a message has arrived, and when the consumer has started, has ended, and may be replaced. */
  onChange(): void
}

/** Consumes the queue of one subqueue, on a channel of its own: its failure does not affect other subqueues. */
export class SubqueueConsumer {
  /** Messages that no take has taken, in order of arrival. */
  readonly arrived: Arrival[] = []
  /** Why the consumer could not start. */
  failure: unknown
  /** Whether as many messages were out at once as may be. */
  wasFull = false
  readonly #deps: Deps
  readonly #started: Promise<void>
  /** In order of arrival. */
  readonly #unsettled = new Set<number>()
  #channel: Channel | undefined
  #consumerTag = ''
  #isCancelled = false
  /** The number of messages that are expected to arrive, and until when. */
  #expected = 1
  #dueUntil: number
  #lastSignAt: number
  /** When the channel closed: the consumer was stopped or could not start, or the queue or the connection is gone. */
  #endedAt: number | undefined

  constructor(deps: Deps) {
    this.#deps = deps
    this.#lastSignAt = deps.clock.monotonicMs()
    this.#dueUntil = this.#lastSignAt + START_MS
    this.#started = this.#start().catch((error: unknown) => {
      this.failure = error
      void this.#channel?.close()
      this.#end()
    })
  }

  get prefetch(): number {
    return this.#deps.prefetch
  }

  /** Whether nothing is here to take, but a message may arrive at any moment: not while all that may be out are out. */
  get isDue(): boolean {
    const mayCome = this.#expected > 0 && !this.#isFull
    return this.arrived.length === 0 && mayCome && this.#deps.clock.monotonicMs() < this.#dueUntil
  }

  /** Whether another consumer should replace this one. */
  get isOver(): boolean {
    const now = this.#deps.clock.monotonicMs()
    if (this.#endedAt !== undefined) return now - this.#endedAt >= REDECLARE_MS
    return this.#unsettled.size === 0 && now - this.#lastSignAt >= STALE_MS
  }

  /** Acknowledges messages, or returns them to the queue. RabbitMQ has already returned those of a closed channel. */
  settle(arrivals: readonly Pick<Arrival, 'deliveryTag'>[], method: 'basicAck' | 'basicNack'): void {
    const channel = this.#channel
    if (!channel?.active) return
    this.#expectMore()
    const left = new Set(arrivals.map(({ deliveryTag }) => deliveryTag))
    // One frame settles all that no other unsettled message precedes: RabbitMQ handles it as one command.
    let last: number | undefined
    for (const deliveryTag of this.#unsettled) {
      if (!left.delete(deliveryTag)) break
      last = deliveryTag
    }
    if (last !== undefined) channel[method]({ deliveryTag: last, multiple: true })
    for (const deliveryTag of left) channel[method]({ deliveryTag })
    for (const { deliveryTag } of arrivals) this.#unsettled.delete(deliveryTag)
    if (this.#isCancelled && this.#unsettled.size === 0) void channel.close()
  }

  /** Ends the deliveries and returns what was not taken; what was taken can still be settled. */
  async stop(): Promise<void> {
    await this.#started
    const channel = this.#channel
    if (!channel?.active) return
    try {
      await this.#deps.connection.call(() => channel.basicCancel(this.#consumerTag))
      this.#isCancelled = true
      this.settle(this.arrived.splice(0), 'basicNack')
    } catch {
      // RabbitMQ returns to the queue what a closed channel has delivered.
      void channel.close()
    }
  }

  async #start(): Promise<void> {
    const { connection, clock, queue, prefetch, onChange } = this.#deps
    const channel = await connection.openChannel()
    this.#channel = channel
    channel.once('close', () => this.#end())
    // The queue was deleted.
    channel.once('basic.cancel', () => void channel.close())
    const waiting = await connection.call(() => declareQueue(channel, queue))
    await connection.call(() => channel.basicQos({ prefetchCount: prefetch }))
    const consuming = connection.call(() => channel.basicConsume({ queue }, (message) => this.#receive(message)))
    this.#consumerTag = (await consuming).consumerTag
    this.#expected = waiting
    this.#dueUntil = clock.monotonicMs() + DELIVERY_MS
    onChange()
  }

  #receive({ deliveryTag, body }: AsyncMessage): void {
    const message = decodeMessage(body)
    this.#lastSignAt = this.#deps.clock.monotonicMs()
    this.#expectMore()
    this.#expected = Math.max(0, this.#expected - 1)
    this.#unsettled.add(deliveryTag)
    if (this.#isFull) {
      this.wasFull = true
      // The queue may hold more than may be out.
      this.#expected ||= this.prefetch
    }
    if (!message) this.settle([{ deliveryTag }], 'basicAck')
    else if (this.#isCancelled) this.settle([{ deliveryTag }], 'basicNack')
    else this.arrived.push({ ...message, consumer: this, deliveryTag, arrivedAt: this.#lastSignAt })
    this.#deps.onChange()
  }

  get #isFull(): boolean {
    return this.#unsettled.size >= this.prefetch
  }

  /** Allows more time for what is expected, unless it could have arrived and has not: other consumers may have it. */
  #expectMore(): void {
    const now = this.#deps.clock.monotonicMs()
    if (now >= this.#dueUntil && !this.#isFull) this.#expected = 0
    this.#dueUntil = now + DELIVERY_MS
  }

  #end(): void {
    const { clock, onChange } = this.#deps
    this.arrived.length = 0
    this.#expected = 0
    this.#endedAt ??= clock.monotonicMs()
    onChange()
    void clock.sleep(REDECLARE_MS).then(onChange)
  }
}

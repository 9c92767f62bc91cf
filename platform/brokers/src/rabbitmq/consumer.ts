import type { Clock } from '@taskflow/kernel'
import { type Broker, type Delivery, PRIORITIES, type TakeOptions, type TaskId } from '@taskflow/tasks'
import { PAUSE_ENDED } from '../pause-ended.ts'
import type { RabbitmqConnection } from './connection.ts'
import type { RabbitmqPublisher } from './publisher.ts'
import { listen, queueOf } from './subqueue.ts'
import { type Arrival, DELIVERY_MS, SubqueueConsumer } from './subqueue-consumer.ts'

// More messages in one process are only kept from others.
const MOST_PREFETCH = 400
// A worker with free slots takes again within milliseconds; a worker that has not for longer is full.
const LONGEST_SILENCE_MS = 30
// The limit while takes go on: another worker may take a message that this one does not get to.
const LONGEST_HOLD_MS = 100
const SWEEP_MS = 20

interface Deps {
  readonly connection: RabbitmqConnection
  readonly publisher: Pick<RabbitmqPublisher, 'announceInUse'>
  readonly clock: Clock
}

/**
 * Consumes the queues that takes want, each in order of arrival, and gives a take the smallest ranks of what has
 * arrived. The prefetch is twice what a take asks for: the next messages are here while a claim is under way.
 *
 * A message that no take takes soon returns to its queue, and its consumer ends until the next take: other workers may be
 * free.
 */
export class RabbitmqConsumer implements Pick<Broker, 'take'> {
  readonly #deps: Deps
  readonly #consumers = new Map<string, SubqueueConsumer>()
  readonly #waiting = new Set<() => void>()
  readonly #closing = new AbortController()
  readonly #listening: () => Promise<unknown>
  readonly #inUse = new Set<string>()
  /** The queues whose use this connection has asked for. */
  #announced = new Set<string>()
  /** The number of takes and deliveries that are not settled. */
  #underWay = 0
  #lastEndAt = 0
  #isChangeDue = false
  #isSweeping = false

  constructor(deps: Deps) {
    this.#deps = deps
    this.#listening = deps.connection.reopening(async (channel) => {
      channel.once('close', () => {
        this.#announced = new Set()
        this.#onChange()
      })
      channel.once('basic.cancel', () => void channel.close())
      await listen(channel, (queue) => {
        this.#inUse.add(queue)
        this.#onChange()
      })
    })
  }

  async take(options: TakeOptions): Promise<Delivery | undefined> {
    this.#underWay++
    const arrivals: Arrival[] = []
    try {
      await this.#gather(arrivals, options)
    } catch (error) {
      await this.#deliver(arrivals).release()
      throw error
    }
    const delivery = this.#deliver(arrivals)
    if (arrivals.length > 0 && !options.signal.aborted) return delivery
    await delivery.release()
    return undefined
  }

  /** Ends the takes under way, with nothing. */
  close(): void {
    this.#closing.abort()
    for (const wake of this.#waiting) wake()
  }

  /** Adds messages that have arrived. While more are on their way it waits: few large claims cost less than many small. */
  async #gather(arrivals: Arrival[], { max, waitMs, signal, ...options }: TakeOptions): Promise<void> {
    const { clock } = this.#deps
    const groups = queuesOf(options)
    const queues = groups.flat()
    let endsAt = clock.monotonicMs() + waitMs
    for (let hasWaited = false; ; hasWaited = true) {
      if (!signal.aborted) await this.#discover(queues)
      if (signal.aborted || this.#closing.signal.aborted) return
      const wanted = groups.map((group) =>
        group.filter((queue) => this.#inUse.has(queue)).map((queue) => this.#consumerOf(queue, max)),
      )
      const isFull = choose(arrivals, wanted, max)
      const isDue = wanted.flat().some((consumer) => consumer.isDue)
      if (isFull || (arrivals.length > 0 && !isDue)) return
      const failed = wanted.flat().find(({ failure }) => failure !== undefined)
      if (failed && arrivals.length === 0) throw failed.failure
      const now = clock.monotonicMs()
      if (arrivals.length > 0) endsAt = Math.min(endsAt, now + DELIVERY_MS)
      // A caller that takes again and again without waiting must let the connection be read.
      if (now >= endsAt && hasWaited) return
      await this.#pause(Math.max(0, isDue ? Math.min(endsAt - now, DELIVERY_MS) : endsAt - now), signal)
    }
  }

  /** Learns which of these queues are in use. The names of those that come into use later arrive by themselves. */
  async #discover(queues: readonly string[]): Promise<void> {
    await this.#listening()
    const announced = this.#announced
    const unannounced = queues.filter((queue) => !announced.has(queue))
    if (unannounced.length === 0) return
    await this.#deps.publisher.announceInUse(unannounced)
    for (const queue of unannounced) announced.add(queue)
  }

  #consumerOf(queue: string, max: number): SubqueueConsumer {
    const prefetch = Math.min(2 * max, MOST_PREFETCH)
    const current = this.#consumers.get(queue)
    const isTooSmall = current?.wasFull && current.prefetch < Math.min(max, MOST_PREFETCH)
    if (current && !current.isOver && !isTooSmall) return current
    void current?.stop()
    const { connection, clock } = this.#deps
    const consumer = new SubqueueConsumer({ connection, clock, queue, prefetch, onChange: () => this.#onChange() })
    this.#consumers.set(queue, consumer)
    return consumer
  }

  /** Waits until something changes, the time is up, or the take is over. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const paused = new AbortController()
    const wake = (): void => paused.abort(PAUSE_ENDED)
    this.#waiting.add(wake)
    signal.addEventListener('abort', wake)
    await this.#deps.clock.sleep(ms, paused.signal)
    signal.removeEventListener('abort', wake)
    this.#waiting.delete(wake)
  }

  #deliver(arrivals: readonly Arrival[]): Delivery {
    let isSettled = false
    const settle = (method: 'basicAck' | 'basicNack') => async () => {
      if (isSettled) return
      isSettled = true
      for (const [consumer, settled] of Map.groupBy(arrivals, (each) => each.consumer)) consumer.settle(settled, method)
      this.#underWay--
      this.#lastEndAt = this.#deps.clock.monotonicMs()
      void this.#sweep()
    }
    return { tasks: [...tasksOf(arrivals)], acknowledge: settle('basicAck'), release: settle('basicNack') }
  }

  /** Wakes takes one turn later: messages that came together are handed out one by one, and are to be taken together. */
  #onChange(): void {
    if (this.#isChangeDue) return
    this.#isChangeDue = true
    setImmediate(() => {
      this.#isChangeDue = false
      for (const wake of this.#waiting) wake()
      void this.#sweep()
    })
  }

  /** Stops all consumers when nobody takes any more, and those with messages that nobody takes. */
  async #sweep(): Promise<void> {
    if (this.#isSweeping) return
    this.#isSweeping = true
    const { clock } = this.#deps
    while (!this.#closing.signal.aborted && this.#hasReasonToSweep()) {
      await clock.sleep(SWEEP_MS, this.#closing.signal)
      const now = clock.monotonicMs()
      const isSilent = this.#underWay === 0 && now - this.#lastEndAt >= LONGEST_SILENCE_MS
      for (const [queue, consumer] of this.#consumers) {
        if (!isSilent && now - (consumer.arrived[0]?.arrivedAt ?? now) < LONGEST_HOLD_MS) continue
        this.#consumers.delete(queue)
        void consumer.stop()
      }
    }
    this.#isSweeping = false
  }

  #hasReasonToSweep(): boolean {
    return [...this.#consumers.values()].some(({ arrived }) => this.#underWay === 0 || arrived.length > 0)
  }
}

/** Returns queues in groups: all that one group holds is served before the next group. */
function queuesOf({ project, queues, types, isDrawn }: Omit<TakeOptions, 'max' | 'waitMs' | 'signal'>): string[][] {
  const groups = queues.map((queue) =>
    types.flatMap((type) => PRIORITIES.map((priority) => queueOf({ project, queue, type, priority }))),
  )
  return isDrawn ? groups : [groups.flat()]
}

const tasksOf = (arrivals: readonly Arrival[]): Set<TaskId> => new Set(arrivals.map(({ taskId }) => taskId))

/**
 * Adds messages that have arrived until they are of `max` tasks, the smallest rank of a group first. Ends where the next
 * message of a subqueue is on its way: it may be of a higher class.
 *
 * @returns whether there are `max`
 */
function choose(arrivals: Arrival[], groups: readonly (readonly SubqueueConsumer[])[], max: number): boolean {
  const tasks = tasksOf(arrivals)
  for (const group of groups) {
    while (tasks.size < max) {
      if (group.some(({ isDue }) => isDue)) return false
      const next = firstOf(group)?.arrived.shift()
      if (!next) break
      arrivals.push(next)
      tasks.add(next.taskId)
    }
  }
  return tasks.size >= max
}

function firstOf(group: readonly SubqueueConsumer[]): SubqueueConsumer | undefined {
  let first: SubqueueConsumer | undefined
  for (const consumer of group) {
    const rankMs = consumer.arrived[0]?.rankMs
    if (rankMs !== undefined && rankMs < (first?.arrived[0]?.rankMs ?? Number.POSITIVE_INFINITY)) first = consumer
  }
  return first
}

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

export interface RabbitmqConsumer extends Pick<Broker, 'take'> {
  /** Ends the takes under way, with nothing. */
  close(): void
}

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
export function rabbitmqConsumer({ connection, publisher, clock }: Deps): RabbitmqConsumer {
  const consumers = new Map<string, SubqueueConsumer>()
  const waiting = new Set<() => void>()
  const closing = new AbortController()
  const inUse = new Set<string>()
  let announced = new Set<string>()
  /** Takes and deliveries that are not settled. */
  let underWay = 0
  let lastEndAt = 0
  let isChangeDue = false
  let isSweeping = false

  const listening = connection.reopening(async (channel) => {
    channel.once('close', () => {
      announced = new Set()
      onChange()
    })
    channel.once('basic.cancel', () => void channel.close())
    await listen(channel, (queue) => {
      inUse.add(queue)
      onChange()
    })
  })

  /** Learns which of these queues are in use. The names of those that come into use later arrive by themselves. */
  async function discover(queues: readonly string[]): Promise<void> {
    await listening()
    const since = announced
    const unannounced = queues.filter((queue) => !since.has(queue))
    if (unannounced.length === 0) return
    await publisher.announceInUse(unannounced)
    for (const queue of unannounced) since.add(queue)
  }

  /** Wakes takes one turn later: messages that came together are handed out one by one, and are to be taken together. */
  function onChange(): void {
    if (isChangeDue) return
    isChangeDue = true
    setImmediate(() => {
      isChangeDue = false
      for (const wake of waiting) wake()
      void sweep()
    })
  }

  function consumerOf(queue: string, max: number): SubqueueConsumer {
    const prefetch = Math.min(2 * max, MOST_PREFETCH)
    const current = consumers.get(queue)
    const isTooSmall = current?.wasFull && current.prefetch < Math.min(max, MOST_PREFETCH)
    if (current && !current.isOver && !isTooSmall) return current
    void current?.stop()
    const consumer = new SubqueueConsumer({ connection, clock, queue, prefetch, onChange })
    consumers.set(queue, consumer)
    return consumer
  }

  /** Stops all consumers when nobody takes any more, and those with messages that nobody takes. */
  async function sweep(): Promise<void> {
    if (isSweeping) return
    isSweeping = true
    const hasReason = (): boolean => [...consumers.values()].some(({ arrived }) => underWay === 0 || arrived.length > 0)
    while (!closing.signal.aborted && hasReason()) {
      await clock.sleep(SWEEP_MS, closing.signal)
      const now = clock.monotonicMs()
      const isSilent = underWay === 0 && now - lastEndAt >= LONGEST_SILENCE_MS
      for (const [queue, consumer] of consumers) {
        if (!isSilent && now - (consumer.arrived[0]?.arrivedAt ?? now) < LONGEST_HOLD_MS) continue
        consumers.delete(queue)
        void consumer.stop()
      }
    }
    isSweeping = false
  }

  /** Waits until something changes, the time is up, or the take is over. */
  async function pause(ms: number, signal: AbortSignal): Promise<void> {
    const paused = new AbortController()
    const wake = (): void => paused.abort(PAUSE_ENDED)
    waiting.add(wake)
    signal.addEventListener('abort', wake)
    await clock.sleep(ms, paused.signal)
    signal.removeEventListener('abort', wake)
    waiting.delete(wake)
  }

  /** Adds messages that have arrived. While more are on their way it waits: few large claims cost less than many small. */
  async function gather(arrivals: Arrival[], { max, waitMs, signal, ...options }: TakeOptions): Promise<void> {
    const groups = queuesOf(options)
    const queues = groups.flat()
    let endsAt = clock.monotonicMs() + waitMs
    for (let hasWaited = false; ; hasWaited = true) {
      if (!signal.aborted) await discover(queues)
      if (signal.aborted || closing.signal.aborted) return
      const wanted = groups.map((group) =>
        group.filter((queue) => inUse.has(queue)).map((queue) => consumerOf(queue, max)),
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
      await pause(Math.max(0, isDue ? Math.min(endsAt - now, DELIVERY_MS) : endsAt - now), signal)
    }
  }

  function deliver(arrivals: readonly Arrival[]): Delivery {
    let isSettled = false
    const settle = (method: 'basicAck' | 'basicNack') => async () => {
      if (isSettled) return
      isSettled = true
      for (const [consumer, settled] of Map.groupBy(arrivals, (each) => each.consumer)) consumer.settle(settled, method)
      underWay--
      lastEndAt = clock.monotonicMs()
      void sweep()
    }
    return { tasks: [...tasksOf(arrivals)], acknowledge: settle('basicAck'), release: settle('basicNack') }
  }

  return {
    async take(options) {
      underWay++
      const arrivals: Arrival[] = []
      try {
        await gather(arrivals, options)
      } catch (error) {
        await deliver(arrivals).release()
        throw error
      }
      const delivery = deliver(arrivals)
      if (arrivals.length > 0 && !options.signal.aborted) return delivery
      await delivery.release()
      return undefined
    },
    close() {
      closing.abort()
      for (const wake of waiting) wake()
    },
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

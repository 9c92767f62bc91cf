import type { Clock } from '@taskflow/kernel'
import { type Broker, type Delivery, PRIORITIES, type Priority, type TakeOptions } from '@taskflow/tasks'
import type { RedisInstance } from './redis-instance.ts'
import { redisListener } from './redis-listener.ts'
import { idOf, redisSubqueues, type Source, type Taken } from './redis-subqueues.ts'
import { subqueueKey } from './subqueue-keys.ts'

/** The instance that holds the subqueues of each class. */
export type Homes = Readonly<Record<Priority, RedisInstance>>

interface Options {
  readonly homes: Homes
  readonly clock: Clock
}

/** The subqueues that a consumer takes from one instance, by queue. */
interface Reach {
  readonly instance: RedisInstance
  readonly subqueuesOf: ReadonlyMap<string, readonly string[]>
}

// Notifications announce new tasks. The poll finds tasks whose notification was lost, and tasks of lost consumers.
const POLL_MS = 1_000
const UNNOTIFIED_POLL_MS = 100

/** Takes from subqueues, and waits for their notifications while they are empty. */
export function redisConsumer({ homes, clock }: Options): Pick<Broker, 'take' | 'close'> {
  const instances = [...new Set(Object.values(homes))]
  const subqueues = redisSubqueues({ clock })
  const listeners = new Map(instances.map((instance) => [instance, redisListener({ instance, clock })]))
  const closing = new AbortController()
  const underWay = new Set<Promise<unknown>>()

  function reachOf({ project, queues, types }: TakeOptions): Reach[] {
    return instances.map((instance) => {
      const classes = PRIORITIES.filter((priority) => homes[priority] === instance)
      const subqueuesOf = (queue: string) =>
        types.flatMap((type) => classes.map((priority) => subqueueKey({ project, queue, type, priority })))
      return { instance, subqueuesOf: new Map(queues.map((queue) => [queue, subqueuesOf(queue)])) }
    })
  }

  /** In a cluster, a script accesses one slot, hence one queue; on a single server, all queues at once. */
  async function sourcesOf({ instance, subqueuesOf }: Reach, queues: readonly string[]): Promise<Source[]> {
    const byQueue = queues.map((queue) => subqueuesOf.get(queue) ?? [])
    const parts = (await instance.isCluster()) ? byQueue : [byQueue.flat()]
    return parts.map((part) => ({ instance, subqueues: part }))
  }

  async function pollQueues(
    queues: readonly string[],
    reach: readonly Reach[],
    max: number,
  ): Promise<readonly Taken[]> {
    const sources = await Promise.all(reach.map((each) => sourcesOf(each, queues)))
    return subqueues.take(sources.flat(), max)
  }

  async function poll({ queues, isDrawn, max }: TakeOptions, reach: readonly Reach[]): Promise<readonly Taken[]> {
    if (!isDrawn) return pollQueues(queues, reach, max)
    const taken: Taken[] = []
    for (const queue of queues) {
      if (taken.length < max) taken.push(...(await pollQueues([queue], reach, max - taken.length)))
    }
    return taken
  }

  /** Calls back when a subqueue in reach has new tasks. Returns a function that unsubscribes. */
  function listen(reach: readonly Reach[], notify: () => void): () => void {
    const stops = reach.map(({ instance, subqueuesOf }) => {
      const wanted = new Set([...subqueuesOf.values()].flat())
      return listeners.get(instance)?.listen(wanted, notify)
    })
    return () => {
      for (const stop of stops) stop?.()
    }
  }

  const pollMs = (): number =>
    [...listeners.values()].every(({ isReceiving }) => isReceiving) ? POLL_MS : UNNOTIFIED_POLL_MS

  async function take(options: TakeOptions): Promise<Delivery | undefined> {
    const stopped = AbortSignal.any([options.signal, closing.signal])
    const endAt = clock.monotonicMs() + options.waitMs
    const reach = reachOf(options)
    let notified = new AbortController()
    const stopListening = listen(reach, () => notified.abort())
    try {
      while (!stopped.aborted) {
        // Renewed before the poll, so that a notification during the poll leads to another poll.
        notified = new AbortController()
        const taken = await poll(options, reach)
        if (stopped.aborted) await subqueues.release(taken)
        else if (taken.length > 0) return deliver(taken)
        const leftMs = endAt - clock.monotonicMs()
        if (leftMs <= 0) break
        await clock.sleep(Math.min(leftMs, pollMs()), AbortSignal.any([stopped, notified.signal]))
      }
    } catch (error) {
      // A stopped take reports no error: tasks that could not be released return after their deadline.
      if (!stopped.aborted) throw error
    } finally {
      stopListening()
    }
    return undefined
  }

  const deliver = (taken: readonly Taken[]): Delivery => ({
    // The id of a task whose class was edited may be in two subqueues.
    tasks: [...new Set(taken.map(idOf))],
    acknowledge: () => subqueues.acknowledge(taken),
    release: () => subqueues.release(taken),
  })

  return {
    take(options) {
      const taking = take(options)
      underWay.add(taking)
      return taking.finally(() => underWay.delete(taking))
    },
    async close() {
      closing.abort()
      await Promise.allSettled(underWay)
      await Promise.all([...listeners.values()].map((listener) => listener.close()))
    },
  }
}

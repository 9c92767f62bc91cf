import type { Clock } from '@taskflow/kernel'
import { type Broker, type Delivery, PRIORITIES, type Priority, type TakeOptions } from '@taskflow/tasks'
import { subqueueKey } from './subqueue-keys.ts'
import type { RedisInstance } from './redis-instance.ts'
import { idOf, redisSubqueues, type Source, type Taken } from './redis-subqueues.ts'
import { redisListener } from './redis-listener.ts'

/** Where the lines of each class are. */
export type Homes = Readonly<Record<Priority, RedisInstance>>

interface Options {
  readonly homes: Homes
  readonly clock: Clock
}

/** The lines that a taker wants of one instance, by queue. */
interface Reach {
  readonly instance: RedisInstance
  readonly linesOf: ReadonlyMap<string, readonly string[]>
}

// Word tells of what is new. The poll is for word that was lost, and for what takers held that are gone.
const POLL_MS = 1_000
const DEAF_POLL_MS = 100

/** Looks at lines, and waits for word of them while there is nothing. */
export function redisConsumer({ homes, clock }: Options): Pick<Broker, 'take' | 'close'> {
  const instances = [...new Set(Object.values(homes))]
  const lines = redisSubqueues({ clock })
  const listeners = new Map(instances.map((instance) => [instance, redisListener({ instance, clock })]))
  const closing = new AbortController()
  const underWay = new Set<Promise<unknown>>()

  function reachOf({ project, queues, types }: TakeOptions): Reach[] {
    return instances.map((instance) => {
      const classes = PRIORITIES.filter((priority) => homes[priority] === instance)
      const linesOf = (queue: string) =>
        types.flatMap((type) => classes.map((priority) => subqueueKey({ project, queue, type, priority })))
      return { instance, linesOf: new Map(queues.map((queue) => [queue, linesOf(queue)])) }
    })
  }

  /** In a cluster a script touches one slot, hence one queue; on a server, all of them at once. */
  async function sourcesOf({ instance, linesOf }: Reach, queues: readonly string[]): Promise<Source[]> {
    const byQueue = queues.map((queue) => linesOf.get(queue) ?? [])
    const parts = (await instance.isCluster()) ? byQueue : [byQueue.flat()]
    return parts.map((part) => ({ instance, lines: part }))
  }

  async function lookAt(queues: readonly string[], reach: readonly Reach[], max: number): Promise<readonly Taken[]> {
    const sources = await Promise.all(reach.map((each) => sourcesOf(each, queues)))
    return lines.take(sources.flat(), max)
  }

  async function look({ queues, isDrawn, max }: TakeOptions, reach: readonly Reach[]): Promise<readonly Taken[]> {
    if (!isDrawn) return lookAt(queues, reach, max)
    const taken: Taken[] = []
    for (const queue of queues) {
      if (taken.length < max) taken.push(...(await lookAt([queue], reach, max - taken.length)))
    }
    return taken
  }

  /** Calls back at word of what is in reach, until what it returns is called. */
  function listen(reach: readonly Reach[], tell: () => void): () => void {
    const stops = reach.map(({ instance, linesOf }) => {
      const wanted = new Set([...linesOf.values()].flat())
      return listeners.get(instance)?.listen(wanted, tell)
    })
    return () => {
      for (const stop of stops) stop?.()
    }
  }

  const pollMs = (): number => ([...listeners.values()].every(({ isHearing }) => isHearing) ? POLL_MS : DEAF_POLL_MS)

  async function take(options: TakeOptions): Promise<Delivery | undefined> {
    const stopped = AbortSignal.any([options.signal, closing.signal])
    const endAt = clock.monotonicMs() + options.waitMs
    const reach = reachOf(options)
    let told = new AbortController()
    const stopListening = listen(reach, () => told.abort())
    try {
      while (!stopped.aborted) {
        // Before the look, so that word which comes meanwhile leads to another.
        told = new AbortController()
        const taken = await look(options, reach)
        if (stopped.aborted) await lines.release(taken)
        else if (taken.length > 0) return deliver(taken)
        const leftMs = endAt - clock.monotonicMs()
        if (leftMs <= 0) break
        await clock.sleep(Math.min(leftMs, pollMs()), AbortSignal.any([stopped, told.signal]))
      }
    } catch (error) {
      // Whoever has stopped hears of no trouble: what could not be released comes back after its deadline.
      if (!stopped.aborted) throw error
    } finally {
      stopListening()
    }
    return undefined
  }

  const deliver = (taken: readonly Taken[]): Delivery => ({
    // The id of a task whose class was edited may be in two lines.
    tasks: [...new Set(taken.map(idOf))],
    acknowledge: () => lines.acknowledge(taken),
    release: () => lines.release(taken),
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

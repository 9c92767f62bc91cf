import type { Clock, Events } from '@taskflow/kernel'
import { naturalBatch, TaskFlowError } from '@taskflow/kernel'
import type { Broker, Dispatch } from './broker.ts'

interface Deps {
  readonly broker: Pick<Broker, 'name' | 'publish'>
  readonly clock: Clock
  readonly events: Events
}

export interface Publisher {
  /** Takes them and returns: what became queued is durable already, and nobody waits for a broker. */
  publish(dispatches: readonly Dispatch[]): void
  /** Lets what waits leave for a moment; from then on everything is dropped. */
  stop(): Promise<void>
}

// What is urgent waits for no more than two of these on its way; above it a call grows longer without getting much
// cheaper by the dispatch.
const MAX_BATCH = 250
// A few seconds of the fastest submission; some 20 MB of memory.
const MAX_WAITING = 50_000
const DRAIN_MS = 1_000

const isUrgent = ({ priority }: Dispatch): boolean => priority === 'critical' || priority === 'high'

/**
 * Tells the broker of tasks that became queued, gathered: while one batch is on its way, the next
 * gathers, and leaves beside it once it can hold no more. Critical and high ones have a line of their own, so that a flood of the others does not hold them up on the way
 * to the broker. What the broker does not take is dropped, and so is what comes while too much waits: the
 * tasks are in the database, where the reconciler finds them. What waits longest is told first.
 */
export function publisher({ broker, clock, events }: Deps): Publisher {
  let isStopped = false
  const urgent = publishingLine()
  const others = publishingLine()

  async function send(dispatches: readonly Dispatch[]): Promise<void> {
    const count = dispatches.length
    try {
      if (isStopped) throw refusal('the publisher has stopped')
      await broker.publish(dispatches)
      events.emit('dispatches.published', { count })
    } catch (error) {
      events.emit('dispatches.dropped', { count, error })
    }
  }

  const refusal = (reason: string): Error =>
    new TaskFlowError('BROKER_UNAVAILABLE', `Broker ${broker.name} was not told of queued tasks: ${reason}`)

  function publishingLine() {
    let waiting = 0
    // Of two on their way the later may land first, so each waits for the one before as well.
    let last: Promise<void> = Promise.resolve()
    const gathered = naturalBatch<readonly Dispatch[], void>({
      async run(items) {
        const dispatches = items.flat()
        await send(dispatches)
        waiting -= dispatches.length
        return items.map(() => undefined)
      },
      maxWeight: MAX_BATCH,
      secondFromWeight: MAX_BATCH,
      weigh: (dispatches) => dispatches.length,
      isShared: () => true,
    })
    return {
      add(dispatches: readonly Dispatch[]): void {
        if (dispatches.length === 0) return
        if (waiting >= MAX_WAITING) {
          const error = refusal(`${waiting} wait for it already`)
          events.emit('dispatches.dropped', { count: dispatches.length, error })
          return
        }
        waiting += dispatches.length
        for (let from = 0; from < dispatches.length; from += MAX_BATCH)
          last = bothOf(last, gathered.add(dispatches.slice(from, from + MAX_BATCH)))
      },
      drained: () => last,
    }
  }

  return {
    publish(dispatches) {
      urgent.add(dispatches.filter(isUrgent))
      others.add(dispatches.filter((dispatch) => !isUrgent(dispatch)))
    },
    async stop() {
      const drained = new AbortController()
      const left = Promise.all([urgent.drained(), others.drained()]).finally(() => drained.abort())
      await Promise.race([left, clock.sleep(DRAIN_MS, drained.signal)])
      isStopped = true
    },
  }
}

/** Without their values, which would be kept for as long as the chain is. */
async function bothOf(one: Promise<unknown>, other: Promise<unknown>): Promise<void> {
  await one
  await other
}

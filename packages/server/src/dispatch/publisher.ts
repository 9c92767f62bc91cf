import { type Broker, type Clock, type Dispatch, type Events, naturalBatch, TaskFlowError } from '@taskflow/core'

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

// Above this a call to a broker grows longer without getting cheaper by the dispatch.
const MAX_BATCH = 1_000
// A few seconds of the fastest submission; some 20 MB of memory.
const MAX_WAITING = 50_000
const DRAIN_MS = 1_000

/**
 * Tells the broker of tasks that became queued, gathered: while one batch is on its way, the next
 * gathers. What the broker does not take is dropped, and so is what comes while too much waits: the
 * tasks are in the database, where the reconciler finds them. What waits longest is told first.
 */
export function publisher({ broker, clock, events }: Deps): Publisher {
  let waiting = 0
  let isStopped = false
  let last: Promise<unknown> = Promise.resolve()

  const gathered = naturalBatch<readonly Dispatch[], void>({
    async run(items) {
      await send(items.flat())
      return items.map(() => undefined)
    },
    maxWeight: MAX_BATCH,
    weigh: (dispatches) => dispatches.length,
    isShared: () => true,
  })

  async function send(dispatches: readonly Dispatch[]): Promise<void> {
    const count = dispatches.length
    try {
      if (isStopped) throw refusal('the publisher has stopped')
      await broker.publish(dispatches)
      events.emit('dispatches.published', { count })
    } catch (error) {
      events.emit('dispatches.dropped', { count, error })
    } finally {
      waiting -= count
    }
  }

  const refusal = (reason: string): Error =>
    new TaskFlowError('BROKER_UNAVAILABLE', `Broker ${broker.name} was not told of queued tasks: ${reason}`)

  return {
    publish(dispatches) {
      if (dispatches.length === 0) return
      if (waiting >= MAX_WAITING) {
        const error = refusal(`${waiting} wait for it already`)
        events.emit('dispatches.dropped', { count: dispatches.length, error })
        return
      }
      waiting += dispatches.length
      last = gathered.add(dispatches)
    },
    async stop() {
      const drained = new AbortController()
      await Promise.race([last.finally(() => drained.abort()), clock.sleep(DRAIN_MS, drained.signal)])
      isStopped = true
    },
  }
}

import type { Clock, Events } from '@taskflow/kernel'
import { naturalBatch, TaskFlowError } from '@taskflow/kernel'
import type { Broker, Dispatch } from './broker.ts'

interface Deps {
  readonly broker: Pick<Broker, 'name' | 'publish'>
  readonly clock: Clock
  readonly events: Events
}

/** Sends dispatches to the broker without making callers wait for it. */
export interface Publisher {
  /** Accepts dispatches and returns at once: the tasks are durable already. */
  publish(dispatches: readonly Dispatch[]): void
  /** Sends waiting dispatches for up to `DRAIN_MS`; drops everything from then on. */
  stop(): Promise<void>
}

// Urgent dispatches wait for at most two batches that are in flight. Larger batches take longer, but cost hardly less per
// dispatch.
const MAX_BATCH = 250
// A few seconds of the fastest submission; about 20 MB of memory.
const MAX_WAITING = 50_000
const DRAIN_MS = 1_000

const isUrgent = ({ priority }: Dispatch): boolean => priority === 'critical' || priority === 'high'

/**
 * Publishes the dispatches of tasks that became queued, in batches: while one batch is in flight, the next one gathers. A
 * full batch leaves beside it. Critical and high dispatches have batches of their own, so that a flood of others does not
 * delay them. The oldest dispatches leave first.
 *
 * Drops dispatches that the broker refuses, or that arrive while `MAX_WAITING` dispatches wait: the tasks are in the
 * database, where the reconciler finds them.
 */
export function publisher({ broker, clock, events }: Deps): Publisher {
  let isStopped = false
  const urgent = batcher()
  const others = batcher()

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
    new TaskFlowError('BROKER_UNAVAILABLE', `Cannot publish queued tasks to broker ${broker.name}: ${reason}`)

  function batcher() {
    let waiting = 0
    // The later of two batches in flight may complete first, so each promise also waits for the previous one.
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
          const error = refusal(`${waiting} already wait`)
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

/** Waits for both without keeping their values: the chain would hold on to them. */
async function bothOf(one: Promise<unknown>, other: Promise<unknown>): Promise<void> {
  await one
  await other
}

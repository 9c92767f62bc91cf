import { type Clock, type Events, withinTime } from '@taskflow/kernel'
import type { Broker, Delivery, TakeOptions } from '@taskflow/tasks'
import { BrokerHealth, isUnavailable } from './broker-health.ts'
import { databasePolls } from './database-polls.ts'

interface Deps {
  readonly primary: Broker
  /** Serves the takes while the primary is unavailable: the broker that needs no server but the database. */
  readonly fallback: Broker
  readonly clock: Clock
  readonly events: Events
}

// Pings detect an unavailable broker sooner. These limits are for a single call that hangs.
const TAKE_GRACE_MS = 1_000
const MANY_MS = 5_000
const ONE_MS = 2_000

/**
 * Wraps a broker that may become unavailable, and falls back to the database.
 *
 * Takes, including takes that already wait, move to the fallback within two seconds of the loss, and back within two
 * seconds of the return. Publications are refused meanwhile: the tasks are in the database, where the takes find them,
 * and the reconciler publishes to the broker what it missed. While the broker is available, `databasePolls` find the
 * tasks whose dispatches it lost without an error.
 */
export function fallbackBroker({ primary, fallback, clock, events }: Deps): Broker {
  const { name } = primary
  const health = new BrokerHealth({ broker: primary, clock, events })
  const polls = databasePolls(clock)
  let isClosed = false

  async function takeOnce(options: TakeOptions): Promise<Delivery | undefined> {
    if (!health.isAvailable) return fallback.take(options)
    const delivery = await takeFromPrimary(options)
    if (delivery) polls.postpone()
    else if (polls.dueInMs() === 0 && !options.signal.aborted) return polls.deliver(options.max)
    return delivery
  }

  async function takeFromPrimary(options: TakeOptions): Promise<Delivery | undefined> {
    const waitMs = Math.min(options.waitMs, polls.dueInMs())
    const taking = primary.take({ ...options, waitMs })
    try {
      const delivery = await health.call(() => taking, waitMs + TAKE_GRACE_MS)
      return delivery && neverFailing(delivery)
    } catch (error) {
      // Nobody waits for this delivery. If the release fails too, the broker requeues it as for a consumer that crashed.
      taking.then((late) => late?.release()).catch(() => {})
      throw error
    }
  }

  /** Reports a failed acknowledgement instead of throwing: the claim has already committed or failed. */
  function neverFailing(delivery: Delivery): Delivery {
    const settle = (call: () => Promise<void>): Promise<void> =>
      health.call(call, ONE_MS).catch((error: unknown) => {
        events.emit('acknowledgement.lost', { broker: name, error })
      })
    return {
      tasks: delivery.tasks,
      acknowledge: (claimed) => settle(() => delivery.acknowledge(claimed)),
      release: () => settle(() => delivery.release()),
    }
  }

  /** Ends a take early when the broker becomes available or unavailable, or is closed. */
  async function untilChange(options: TakeOptions): Promise<{ delivery?: Delivery | undefined; isCut: boolean }> {
    const cut = new AbortController()
    const end = (): void => cut.abort()
    const unsubscribe = health.onChange(end)
    options.signal.addEventListener('abort', end)
    try {
      const delivery = await takeOnce({ ...options, signal: cut.signal })
      return { delivery, isCut: cut.signal.aborted }
    } catch (error) {
      if (!isUnavailable(error)) throw error
      return { isCut: true }
    } finally {
      unsubscribe()
      options.signal.removeEventListener('abort', end)
    }
  }

  return {
    name,
    publish: (dispatches) => health.call(() => primary.publish(dispatches), MANY_MS),
    async take(options) {
      const until = clock.monotonicMs() + options.waitMs
      for (let restMs = options.waitMs; ; restMs = until - clock.monotonicMs()) {
        if (options.signal.aborted || isClosed) return undefined
        const { delivery, isCut } = await untilChange({ ...options, waitMs: Math.max(0, restMs) })
        // A take that was cut waits for the rest of its time at the broker that is available now.
        if (delivery || !isCut || clock.monotonicMs() >= until) return delivery
      }
    },
    depths: (subqueues) => health.call(() => primary.depths(subqueues), MANY_MS),
    ping: () => health.call(() => primary.ping(), ONE_MS),
    async close() {
      isClosed = true
      await health.close()
      const closing = withinTime(primary.close(), { clock, ms: ONE_MS, what: `Broker ${name}` })
      await Promise.all([fallback.close(), closing.catch(unlessUnavailable)])
    },
  }
}

function unlessUnavailable(error: unknown): void {
  if (!isUnavailable(error)) throw error
}

import { type Clock, type Events, withinTime } from '@taskflow/kernel'
import type { Broker, Delivery, TakeOptions } from '@taskflow/tasks'
import { brokerHealth, isUnavailable } from './broker-health.ts'
import { databasePolls } from './database-polls.ts'

interface Deps {
  readonly primary: Broker
  /** Where takes go while the primary is away: the broker for which none is needed. */
  readonly fallback: Broker
  readonly clock: Clock
  readonly events: Events
}

// Whether the broker is there the pings find sooner. These are for a call that hangs alone.
const TAKE_GRACE_MS = 1_000
const MANY_MS = 5_000
const ONE_MS = 2_000

/**
 * A broker that may go away, with the database behind it.
 *
 * Within two seconds of the loss takes go to the fallback, those that wait included, and
 * within as much of the return they come back. Publications are refused meanwhile: the tasks
 * are in the database, where the takes are, and the reconciler tells the broker what it
 * missed. While the broker is there, `databasePolls` find what it lost without a sign.
 */
export function fallbackBroker({ primary, fallback, clock, events }: Deps): Broker {
  const { name } = primary
  const health = brokerHealth({ broker: primary, clock, events })
  const looks = databasePolls(clock)
  let isClosed = false

  async function takeOnce(options: TakeOptions): Promise<Delivery | undefined> {
    if (!health.isThere) return fallback.take(options)
    const delivery = await takeFromPrimary(options)
    if (delivery) looks.postpone()
    else if (looks.dueInMs() === 0 && !options.signal.aborted) return looks.deliver(options.max)
    return delivery
  }

  async function takeFromPrimary(options: TakeOptions): Promise<Delivery | undefined> {
    const waitMs = Math.min(options.waitMs, looks.dueInMs())
    const taking = primary.take({ ...options, waitMs })
    try {
      const delivery = await health.ask(() => taking, waitMs + TAKE_GRACE_MS)
      return delivery && neverFailing(delivery)
    } catch (error) {
      // Nobody waits for it any more. Should this fail too, the broker gives it back as it does for a taker that died.
      taking.then((late) => late?.release()).catch(() => {})
      throw error
    }
  }

  /** The claim has committed, or failed and said so: for the broker's sake nobody does anything about it. */
  function neverFailing(delivery: Delivery): Delivery {
    const tell = (call: () => Promise<void>): Promise<void> =>
      health.ask(call, ONE_MS).catch((error: unknown) => {
        events.emit('acknowledgement.lost', { broker: name, error })
      })
    return {
      tasks: delivery.tasks,
      acknowledge: (claimed) => tell(() => delivery.acknowledge(claimed)),
      release: () => tell(() => delivery.release()),
    }
  }

  /** Cuts a take short when the broker comes, goes, or is closed. */
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
    publish: (dispatches) => health.ask(() => primary.publish(dispatches), MANY_MS),
    async take(options) {
      const until = clock.monotonicMs() + options.waitMs
      for (let restMs = options.waitMs; ; restMs = until - clock.monotonicMs()) {
        if (options.signal.aborted || isClosed) return undefined
        const { delivery, isCut } = await untilChange({ ...options, waitMs: Math.max(0, restMs) })
        // One that was cut short waits for the rest of its time where there is somebody to ask.
        if (delivery || !isCut || clock.monotonicMs() >= until) return delivery
      }
    },
    depths: (lines) => health.ask(() => primary.depths(lines), MANY_MS),
    ping: () => health.ask(() => primary.ping(), ONE_MS),
    async close() {
      isClosed = true
      await health.close()
      const closing = withinTime(primary.close(), { clock, ms: ONE_MS, what: `Broker ${name}` })
      await Promise.all([fallback.close(), closing.catch(unlessAway)])
    },
  }
}

function unlessAway(error: unknown): void {
  if (!isUnavailable(error)) throw error
}

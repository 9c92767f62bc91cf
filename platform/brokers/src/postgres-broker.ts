import type { Clock, Wakeups } from '@taskflow/kernel'
import type { Broker, Delivery, TakeOptions } from '@taskflow/tasks'
import { PAUSE_ENDED } from './pause-ended.ts'

interface Options {
  readonly wakeups: Wakeups
  readonly clock: Clock
  /** The longest pause between two looks. */
  readonly pollMs?: number
}

// A lost wake-up is likeliest where tasks come thick and fast, and there a look costs least by comparison.
const FIRST_POLL_MS = 25

/**
 * The broker for which no broker is needed: the database itself keeps the line.
 *
 * A take answers "any" when there is reason to look: the last claim came back
 * full, a wake-up told of one of the queues, or it is time to poll. Wake-ups may
 * be lost, so polling is what makes it sure; soon after activity it polls often,
 * then ever more seldom.
 */
export function postgresBroker({ wakeups, clock, pollMs = 1_000 }: Options): Broker {
  const asked = new Set<string>()
  // Of the queues asked for, those told of and not looked at since, also between two takes.
  const ready = new Set<string>()
  /** How to wake each take that waits, and the queues it waits for. */
  const waiting = new Map<() => void, readonly string[]>()
  let isMoreLikely = true
  let pauseMs = Math.min(FIRST_POLL_MS, pollMs)
  let pollAt = 0
  let listening: Promise<() => Promise<void>> | undefined

  function onReady(detail: string): void {
    // The connection came back: of what was said meanwhile, any queue may have been.
    if (detail === '') isMoreLikely = true
    for (const queue of detail.split(',')) if (asked.has(queue)) ready.add(queue)
    for (const [wake, queues] of waiting) if (hasReason(queues)) wake()
  }

  /** Listens from the first take on. Should it not come about, the next take tries again; polling goes on meanwhile. */
  function listen(): void {
    if (listening) return
    listening = wakeups.on('ready', onReady)
    listening.catch(() => {
      listening = undefined
    })
  }

  function hasReason(queues: readonly string[]): boolean {
    return isMoreLikely || clock.monotonicMs() >= pollAt || queues.some((queue) => ready.has(queue))
  }

  function pollIn(ms: number): void {
    pauseMs = Math.min(ms, pollMs)
    pollAt = clock.monotonicMs() + pauseMs
  }

  /** Until there is reason to look, the time is up, or the signal aborts. */
  async function waitForReason({ queues, waitMs, signal }: TakeOptions): Promise<void> {
    const woken = new AbortController()
    const wake = (): void => woken.abort(PAUSE_ENDED)
    waiting.set(wake, queues)
    signal.addEventListener('abort', wake)
    await clock.sleep(Math.min(waitMs, pollAt - clock.monotonicMs()), woken.signal)
    signal.removeEventListener('abort', wake)
    waiting.delete(wake)
  }

  function deliver({ queues, max }: TakeOptions): Delivery {
    isMoreLikely = false
    for (const queue of queues) ready.delete(queue)
    pollIn(pauseMs * 2)
    return {
      tasks: 'any',
      async acknowledge(claimed) {
        if (claimed >= max) isMoreLikely = true
        if (claimed > 0) pollIn(FIRST_POLL_MS)
      },
      async release() {
        isMoreLikely = true
      },
    }
  }

  return {
    name: 'postgres',
    /** Nothing to do: the statement that stores tasks announces them. */
    async publish() {},
    async take(options) {
      listen()
      const { queues, signal } = options
      for (const queue of queues) asked.add(queue)
      if (!hasReason(queues) && !signal.aborted) await waitForReason(options)
      return hasReason(queues) && !signal.aborted ? deliver(options) : undefined
    },
    /** The lines are in the database itself. */
    async depths() {
      return undefined
    },
    /** Whether the database answers is seen by whoever claims. */
    async ping() {},
    async close() {
      for (const wake of waiting.keys()) wake()
      const stop = await listening?.catch(() => undefined)
      listening = undefined
      await stop?.()
    },
  }
}

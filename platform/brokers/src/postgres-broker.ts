import type { Clock, Wakeups } from '@taskflow/kernel'
import type { Broker, Delivery, TakeOptions } from '@taskflow/tasks'
import { PAUSE_ENDED } from './pause-ended.ts'

interface Options {
  readonly wakeups: Wakeups
  readonly clock: Clock
  /** The longest pause between two polls. */
  readonly pollMs?: number
}

// A lost wake-up is most likely where many tasks arrive, and there a poll costs little in comparison.
const FIRST_POLL_MS = 25

/**
 * The broker that needs no server but the database, which itself holds the subqueues.
 *
 * A take resolves with "any" when there is a reason to claim: the last claim came back full, a wake-up named one of the
 * queues, or a poll is due. Wake-ups may be lost, so polling guarantees progress. Polls are frequent after activity and
 * become less and less frequent without it.
 */
export function postgresBroker({ wakeups, clock, pollMs = 1_000 }: Options): Broker {
  const requested = new Set<string>()
  // The requested queues that a wake-up has named since their last delivery, also between two takes.
  const ready = new Set<string>()
  /** The function that ends the pause of each waiting take, and the queues that the take waits for. */
  const waiting = new Map<() => void, readonly string[]>()
  let isMoreLikely = true
  let pauseMs = Math.min(FIRST_POLL_MS, pollMs)
  let pollAt = 0
  let listening: Promise<() => Promise<void>> | undefined

  function onReady(detail: string): void {
    // The connection was restored: any queue may have been named in the meantime.
    if (detail === '') isMoreLikely = true
    for (const queue of detail.split(',')) if (requested.has(queue)) ready.add(queue)
    for (const [wake, queues] of waiting) if (hasReason(queues)) wake()
  }

  /** Listens from the first take on. If that fails, the next take tries again; polling continues meanwhile. */
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

  /** Waits until there is a reason to claim, the time is up, or the signal aborts. */
  async function waitForReason({ queues, waitMs, signal }: TakeOptions): Promise<void> {
    const pause = new AbortController()
    const wake = (): void => pause.abort(PAUSE_ENDED)
    waiting.set(wake, queues)
    signal.addEventListener('abort', wake)
    await clock.sleep(Math.min(waitMs, pollAt - clock.monotonicMs()), pause.signal)
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
      for (const queue of queues) requested.add(queue)
      if (!hasReason(queues) && !signal.aborted) await waitForReason(options)
      return hasReason(queues) && !signal.aborted ? deliver(options) : undefined
    },
    /** The subqueues are in the database itself. */
    async depths() {
      return undefined
    },
    /** Every claim notices when the database does not answer. */
    async ping() {},
    async close() {
      for (const wake of waiting.keys()) wake()
      const stop = await listening?.catch(() => undefined)
      listening = undefined
      await stop?.()
    },
  }
}

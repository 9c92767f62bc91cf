import type { Clock } from './clock.ts'

/** Something that runs until told to stop: the promoter, the rescuer, a worker. */
export interface Service {
  readonly name: string
  /** Resolves once running. Starting a running service does nothing. */
  start(): Promise<void>
  /** Resolves once nothing of it is left running. Safe before start, and twice. */
  stop(): Promise<void>
}

interface Periodic {
  readonly name: string
  readonly clock: Clock
  /** Between the end of one round and the begin of the next; a round may ask for another pause. */
  readonly intervalMs: number
  /**
   * Does one round. Must be safe to run again at once, and to abandon.
   * Resolves with the pause it wants before the next, or with nothing for `intervalMs`.
   */
  round(signal: AbortSignal): Promise<number | undefined>
  /** A failed round is reported here; the next one runs after the usual pause. */
  onError(error: unknown): void
}

export interface PeriodicService extends Service {
  /** Ends the present pause, or makes the round under way be followed by another at once. */
  wake(): void
}

/** Turns a round into a service: one at a time, wakeable, stoppable in mid-pause. */
export function periodic({ name, clock, intervalMs, round, onError }: Periodic): PeriodicService {
  let current: { readonly controller: AbortController; readonly finished: Promise<void> } | undefined
  let previous: Promise<void> = Promise.resolve()
  let isWoken = false
  let endPause: (() => void) | undefined

  async function loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      isWoken = false
      const wish = await round(signal).catch((error: unknown) => {
        if (!signal.aborted) onError(error)
        return undefined
      })
      if (!isWoken && !signal.aborted) await pause(wish ?? intervalMs, signal)
    }
  }

  async function pause(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    endPause = () => woken.abort()
    await clock.sleep(ms, AbortSignal.any([signal, woken.signal]))
    endPause = undefined
  }

  return {
    name,
    async start() {
      if (current) return
      const controller = new AbortController()
      // A start that follows a stop waits for it, so two loops never overlap.
      current = { controller, finished: previous.then(() => loop(controller.signal)) }
    },
    async stop() {
      if (current) {
        current.controller.abort()
        previous = current.finished
        current = undefined
      }
      await previous
    },
    wake() {
      isWoken = true
      endPause?.()
    },
  }
}

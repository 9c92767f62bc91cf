import type { Clock } from './clock.ts'

/** Something that runs from start to stop, such as the promoter, the rescuer or a worker. */
export interface Service {
  readonly name: string
  /** Resolves once the service runs. Does nothing if it already runs. */
  start(): Promise<void>
  /** Resolves once no work of the service is left. Safe before a start and after a stop. */
  stop(): Promise<void>
}

interface Periodic {
  readonly name: string
  readonly clock: Clock
  /** Pause between the end of one round and the start of the next. A round may resolve with another pause. */
  readonly intervalMs: number
  /**
   * Does one round and resolves with the pause before the next round in milliseconds, or with undefined for
   * `intervalMs`. A round must be safe to repeat at once and to abandon at any point.
   */
  round(signal: AbortSignal): Promise<number | undefined>
  /** Called with the error of a failed round. The next round follows after the usual pause. */
  onError(error: unknown): void
}

export interface PeriodicService extends Service {
  /** Ends the current pause. During a round, makes the next round follow at once. */
  wake(): void
}

/** Makes a service that repeats a round, one at a time. A stop also ends a pause. */
export function periodic({ name, clock, intervalMs, round, onError }: Periodic): PeriodicService {
  let current: { readonly controller: AbortController; readonly finished: Promise<void> } | undefined
  let previous: Promise<void> = Promise.resolve()
  let isWakePending = false
  let endPause: (() => void) | undefined

  async function loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      isWakePending = false
      const pauseMs = await round(signal).catch((error: unknown) => {
        if (!signal.aborted) onError(error)
        return undefined
      })
      if (!isWakePending && !signal.aborted) await pause(pauseMs ?? intervalMs, signal)
    }
  }

  async function pause(ms: number, signal: AbortSignal): Promise<void> {
    const interruption = new AbortController()
    endPause = () => interruption.abort()
    await clock.sleep(ms, AbortSignal.any([signal, interruption.signal]))
    endPause = undefined
  }

  return {
    name,
    async start() {
      if (current) return
      const controller = new AbortController()
      // Waits for the loop of the previous start, so that two loops never overlap.
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
      isWakePending = true
      endPause?.()
    },
  }
}

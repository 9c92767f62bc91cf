import type { Clock } from './clock.ts'

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  // The timer of node:timers/promises rejects when a signal aborts, and making that error costs more than the rest of a
  // sleep.
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const wake = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      // Timers drop fractions, and a caller that wakes too early would sleep a second time.
      const timer = setTimeout(wake, Math.ceil(Math.max(0, ms)))
      signal?.addEventListener('abort', wake, { once: true })
    })
  },
}

import type { Clock } from './clock.ts'

/** The true time of this machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  // Not the timer of node:timers/promises: to that a signal is an error, which takes longer to make than all else here.
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const wake = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      // Rounded up: timers drop fractions, and who wakes a little early sleeps a second time.
      const timer = setTimeout(wake, Math.ceil(Math.max(0, ms)))
      signal?.addEventListener('abort', wake, { once: true })
    })
  },
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '@taskflow/core'

/** The true time of this machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    // Aborting is a way to wake up, not an error.
    await sleep(Math.max(0, ms), undefined, signal ? { signal } : {}).catch(() => {})
  },
}

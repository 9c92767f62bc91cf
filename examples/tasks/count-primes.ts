import { defineTask } from '@taskflow/sdk'
import { z } from 'zod'

/**
 * A CPU-bound task. The handler runs in its own thread, so it may block the event loop, and its timeout can stop it.
 */
export const countPrimes = defineTask({
  type: 'primes.count',
  input: z.object({ below: z.int().min(2).max(50_000_000) }),
  isolation: 'thread',
  maxAttempts: 2,
  timeouts: { startToCloseMs: 60_000 },
  async run({ below }, { progress }) {
    const isComposite = new Uint8Array(below)
    let count = 0
    for (let candidate = 2; candidate < below; candidate++) {
      if (isComposite[candidate] === 1) continue
      count++
      for (let multiple = candidate * candidate; multiple < below; multiple += candidate) isComposite[multiple] = 1
    }
    await progress(100, `${count} primes`)
    return { below, count }
  },
})

import { defineTask, PermanentError, RetryAfter } from '@taskflow/sdk'
import { z } from 'zod'

/** Fails in the way that is asked for: to see retries, the dead-letter queue, and coming back later. */
export const flaky = defineTask({
  type: 'flaky',
  input: z.object({
    failures: z.int().min(0).default(1),
    how: z.enum(['error', 'permanent', 'later']).default('error'),
  }),
  retry: { baseMs: 500, factor: 2, maxMs: 10_000 },
  run({ failures, how }, { attempt, log }) {
    if (attempt > failures) return { succeededOnAttempt: attempt }
    log.warn('Failing on purpose', { attempt, how })
    if (how === 'permanent') throw new PermanentError('This will never work')
    // Uses no attempt: the task would come back for ever, were it not for schedule-to-close.
    if (how === 'later' && failures > 0) throw new RetryAfter(1_000)
    throw new Error(`Attempt ${attempt} of ${failures} that fail`)
  },
})

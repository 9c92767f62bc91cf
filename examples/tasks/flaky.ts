import { defineTask, PermanentError, RetryAfter } from '@taskflow/sdk'
import { z } from 'zod'

/** Fails as its payload says, to show retries, the dead-letter queue and `RetryAfter`. */
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
    // Uses no attempt, so this task runs again every second for ever: set `timeouts.scheduleToCloseMs` or cancel it.
    if (how === 'later' && failures > 0) throw new RetryAfter(1_000)
    throw new Error(`Attempt ${attempt} of ${failures} that fail`)
  },
})

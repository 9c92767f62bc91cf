import { defineTask } from '@taskflow/sdk'
import { z } from 'zod'

/** Returns a greeting: the first task to try. */
export const hello = defineTask({
  type: 'hello',
  input: z.object({ name: z.string().min(1).optional() }).nullable(),
  run(input, { log }) {
    const name = input?.name ?? 'World'
    log.info('Saying hello', { to: name })
    return { greeting: `Hello, ${name}` }
  },
})

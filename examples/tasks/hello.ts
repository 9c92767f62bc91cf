import { defineTask } from '@taskflow/sdk'
import { z } from 'zod'

/** The first task to try. */
export const hello = defineTask({
  type: 'hello',
  input: z.object({ name: z.string().min(1).default('World') }),
  run({ name }, { log }) {
    log.info('Saying hello', { to: name })
    return { greeting: `Hello, ${name}` }
  },
})

import { defineTask } from '@taskflow/sdk'

/** What is left is TaskFlow's own cost. */
export const noop = defineTask({ type: 'bench.noop', run: () => null })

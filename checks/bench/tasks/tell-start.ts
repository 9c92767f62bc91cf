import { defineTask } from '@taskflow/sdk'

/** Returns when its handler started: milliseconds since 1970, with fractions. */
export const tellStart = defineTask({ type: 'bench.tell-start', run: () => performance.timeOrigin + performance.now() })

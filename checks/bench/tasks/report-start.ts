import { defineTask } from '@taskflow/sdk'

/** Returns when its handler started: milliseconds since 1970, with fractions. */
export const reportStart = defineTask({
  type: 'bench.report-start',
  run: () => performance.timeOrigin + performance.now(),
})

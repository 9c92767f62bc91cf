import { defineTask } from '@taskflow/sdk'
import type { Payload } from '../payload.ts'
import { handle, report } from '../work-report.ts'

report()

/** Does no work of its own, so that the measured cost is TaskFlow's. */
export const noop = defineTask({
  type: 'bench.noop',
  run: (payload) => handle(payload as Payload)?.then(() => null) ?? null,
})

import { defineTask } from '@taskflow/sdk'
import type { Payload } from '../payload.ts'
import { handle, report } from '../work-report.ts'

report()

/** What is left is TaskFlow's own cost. */
export const noop = defineTask({
  type: 'bench.noop',
  run: (payload) => handle(payload as Payload)?.then(() => null) ?? null,
})

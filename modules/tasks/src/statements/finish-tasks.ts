import type { ArrayText } from '@taskflow/database'
import { sqlBeside, statement } from '@taskflow/database'

/** Null stands for what most settlements say: a state of `succeeded`, and no crash. */
type Params = readonly [
  taskIds: ArrayText<string>,
  leaseIds: ArrayText<string>,
  states: ArrayText<string | null>,
  results: ArrayText<string | null>,
  errors: ArrayText<string | null>,
  crashes: ArrayText<number | null>,
  defaultRetentionMs: number,
]

/** Applies complete, fail and cancel to running tasks whose lease is the one presented; returns the leases that were not. */
export const finishTasks = statement<Params, { refused: string[] | null }>({
  name: 'finish_tasks',
  lane: 'settle',
  columns: ['refused'],
  notifies: ['finished'],
  text: sqlBeside(import.meta.url),
})

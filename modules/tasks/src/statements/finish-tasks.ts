import type { ArrayText } from '@taskflow/database'
import { sqlBeside, statement } from '@taskflow/database'

/** Null stands for the values of most settlements: state `succeeded`, and no crash. */
type Params = readonly [
  taskIds: ArrayText<string>,
  leaseIds: ArrayText<string>,
  states: ArrayText<string | null>,
  results: ArrayText<string | null>,
  errors: ArrayText<string | null>,
  crashes: ArrayText<number | null>,
  defaultRetentionMs: number,
  consumers: readonly string[],
]

interface Row {
  refused: string[] | null
  /** Notices that linked tasks left; null where no task was linked. */
  noticed: number | null
}

/** Applies complete, fail and cancel to running tasks whose lease is the one presented; returns the refused leases. */
export const finishTasks = statement<Params, Row>({
  name: 'finish_tasks',
  lane: 'settle',
  columns: ['refused', 'noticed'],
  notifies: ['finished'],
  text: sqlBeside(import.meta.url),
})

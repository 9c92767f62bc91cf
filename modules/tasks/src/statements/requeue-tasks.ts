import { sqlBeside, statement } from '@taskflow/database'
import { DISPATCH_COLUMNS, type MaybeDispatchRow } from '../store/dispatch-row.ts'

type Params = readonly [
  taskIds: string[],
  leaseIds: string[],
  states: string[],
  outcomes: string[],
  usedAttempts: number[],
  crashes: number[],
  delaysMs: (number | null)[],
  errors: (string | null)[],
  headStartsMs: readonly number[],
]

interface Row extends MaybeDispatchRow {
  lease_id: string
  is_cancelled: boolean
}

/**
 * Applies retry, snooze, release and rescue to running tasks whose lease is the one
 * presented, and keeps the attempt that ended. A task that was asked to be cancelled
 * does not come back: it is left as it is, and told.
 */
export const requeueTasks = statement<Params, Row>({
  name: 'requeue_tasks',
  lane: 'settle',
  columns: [...DISPATCH_COLUMNS, 'lease_id', 'is_cancelled'],
  notifies: ['ready', 'due'],
  text: sqlBeside(import.meta.url),
})

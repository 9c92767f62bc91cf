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
  freeSnoozes: number,
  snoozeWindowMs: number,
  snoozeFloorMs: number,
]

interface Row extends MaybeDispatchRow {
  lease_id: string
  is_cancelled: boolean
  /** The task was snoozed again and again for a moment, and now waits longer than its handler asked for. */
  is_slowed: boolean
}

/**
 * Applies retry, snooze, release and rescue to running tasks whose lease is the one presented, and keeps the attempt
 * that ended. A task whose cancellation was requested is not requeued: the statement leaves it as it is and returns it
 * with `is_cancelled`.
 */
export const requeueTasks = statement<Params, Row>({
  name: 'requeue_tasks',
  lane: 'settle',
  columns: [...DISPATCH_COLUMNS, 'lease_id', 'is_cancelled', 'is_slowed'],
  notifies: ['ready', 'due'],
  text: sqlBeside(import.meta.url),
})

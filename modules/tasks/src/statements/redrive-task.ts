import { sqlBeside, statement } from '@taskflow/database'
import { DISPATCH_COLUMNS, type DispatchRow } from '../store/dispatch-row.ts'

type Params = readonly [
  id: string,
  project: string,
  from: readonly string[],
  actor: string,
  payload: string | null,
  headStartsMs: readonly number[],
  outcomeByReason: string,
]

/**
 * Queues the task again with its attempts counted from zero; the attempt that had ended it gets a row of its own.
 * The event keeps the end too, since a task that expired or was cancelled before it started has no attempt that records it.
 */
export const redriveTask = statement<Params, DispatchRow>({
  name: 'redrive_task',
  columns: DISPATCH_COLUMNS,
  notifies: ['ready'],
  text: sqlBeside(import.meta.url),
})

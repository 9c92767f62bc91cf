import { sqlBeside, statement } from '@taskflow/database'
import { DISPATCH_COLUMNS, type MaybeDispatchRow } from '../store/dispatch-row.ts'

type Params = readonly [
  id: string,
  project: string,
  from: readonly string[],
  version: string,
  queue: string,
  priority: number,
  headStartMs: number,
  payload: string,
  isRunAtEdited: boolean,
  runAt: Date | null,
  maxAttempts: number,
  labels: string | null,
  title: string | null,
  description: string | null,
  actor: string,
  fields: string,
  headStartsMs: readonly number[],
]

/** Writes all editable columns, if the row is still the version that the edit was made from. */
export const editTask = statement<Params, MaybeDispatchRow>({
  name: 'edit_task',
  columns: DISPATCH_COLUMNS,
  notifies: ['ready', 'due'],
  text: sqlBeside(import.meta.url),
})

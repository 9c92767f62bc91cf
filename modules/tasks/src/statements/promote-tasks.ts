import { sqlBeside, statement } from '@taskflow/database'
import { DISPATCH_COLUMNS, type MaybeDispatchRow } from '../store/dispatch-row.ts'

type Params = readonly [from: readonly string[], limit: number]

/** Queues what is due. `rank_ms` is null for a task that waits at a gate: it is queued, and not dispatched. */
export const promoteTasks = statement<Params, MaybeDispatchRow>({
  name: 'promote_tasks',
  lane: 'duty',
  columns: DISPATCH_COLUMNS,
  notifies: ['ready'],
  text: sqlBeside(import.meta.url),
})

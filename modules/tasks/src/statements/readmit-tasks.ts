import { sqlBeside, statement } from '@taskflow/database'
import { DISPATCH_COLUMNS, type MaybeDispatchRow } from '../store/dispatch-row.ts'

/**
 * Releases tasks that wait at a gate, if the gate is open, smallest rank first. A released task keeps its rank, and is
 * queued from now on. Tasks that somebody else has locked are skipped.
 */
export const readmitTasks = statement<readonly [project: string, gate: string, limit: number], MaybeDispatchRow>({
  name: 'readmit_tasks',
  columns: DISPATCH_COLUMNS,
  notifies: ['ready'],
  text: sqlBeside(import.meta.url),
})

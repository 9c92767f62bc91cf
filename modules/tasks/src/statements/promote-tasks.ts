import { sqlBeside, statement } from '@taskflow/database'
import { DISPATCH_COLUMNS, type DispatchRow } from '../store/dispatch-row.ts'

type Params = readonly [from: readonly string[], limit: number]

export const promoteTasks = statement<Params, DispatchRow>({
  name: 'promote_tasks',
  lane: 'duty',
  columns: DISPATCH_COLUMNS,
  notifies: ['ready'],
  text: sqlBeside(import.meta.url),
})

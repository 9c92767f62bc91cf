import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [taskIds: string[], leaseIds: string[], ids: string[], details: string[]]

/** Only while the lease holds: a stale worker's progress is dropped. */
export const recordProgress = statement<Params, never>({
  name: 'record_progress',
  columns: [],
  text: sqlBeside(import.meta.url),
})

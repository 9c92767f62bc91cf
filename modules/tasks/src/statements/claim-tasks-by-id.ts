import { sqlBeside, statement } from '@taskflow/database'
import { CLAIMED_COLUMNS, type ClaimedRow } from './claim-tasks.ts'

type Params = readonly [
  workerId: string,
  ids: readonly string[],
  queues: readonly string[],
  types: readonly string[],
  max: number,
  leasePrefix: string,
  maxAttempts: string | null,
]

/** claim_tasks for tasks that a broker dispatched. Tasks that this worker may not claim, or no longer, are left out. */
export const claimTasksById = statement<Params, ClaimedRow>({
  name: 'claim_tasks_by_id',
  lane: 'claim',
  columns: CLAIMED_COLUMNS,
  text: sqlBeside(import.meta.url),
})

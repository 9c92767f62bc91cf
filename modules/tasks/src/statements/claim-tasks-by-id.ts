import { sqlBeside, statement } from '@taskflow/database'
import { CLAIMED_COLUMNS, type ClaimedRow } from './claim-tasks.ts'

type Params = readonly [
  workerId: string,
  ids: readonly string[],
  queues: readonly string[],
  types: readonly string[],
  max: number,
  leasePrefix: string,
]

/** claim_tasks for tasks of which a broker brought word. Those that are not, or no more, for this worker to take are left out. */
export const claimTasksById = statement<Params, ClaimedRow>({
  name: 'claim_tasks_by_id',
  lane: 'claim',
  columns: CLAIMED_COLUMNS,
  text: sqlBeside(import.meta.url),
})

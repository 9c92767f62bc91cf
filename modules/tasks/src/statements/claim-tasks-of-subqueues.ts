import { sqlBeside, statement } from '@taskflow/database'
import { CLAIMED_COLUMNS, type ClaimedRow, type ClaimParams } from './claim-tasks.ts'

/**
 * claim_tasks for a worker of many queues and types. claim_tasks locks up to $4 tasks in each subqueue and takes $4 in
 * total: meanwhile other claims would find nothing, and each lock is written to the log. This one locks only what it
 * takes.
 */
export const claimTasksOfSubqueues = statement<ClaimParams, ClaimedRow>({
  name: 'claim_tasks_of_subqueues',
  lane: 'claim',
  columns: CLAIMED_COLUMNS,
  text: sqlBeside(import.meta.url),
})

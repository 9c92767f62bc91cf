import { sqlBeside, statement } from '@taskflow/database'

interface Row {
  id: string
  lease_id: string
  worker_id: string
  attempt: number
  max_attempts: number
  crash_count: number
}

/** Lists running tasks whose worker is lost, stopped or unknown. */
export const listOrphanedLeases = statement<readonly [limit: number], Row>({
  name: 'list_orphaned_leases',
  lane: 'duty',
  columns: ['id', 'lease_id', 'worker_id', 'attempt', 'max_attempts', 'crash_count'],
  text: sqlBeside(import.meta.url),
})

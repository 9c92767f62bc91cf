import { sqlBeside, statement } from '@taskflow/database'

interface Row {
  id: string
  lease_id: string
  worker_id: string
  attempt: number
  max_attempts: number
  crash_count: number
}

/** Running tasks in the hands of a worker that is dead, gone or has said goodbye. */
export const listOrphanedLeases = statement<readonly [limit: number], Row>({
  name: 'list_orphaned_leases',
  lane: 'duty',
  columns: ['id', 'lease_id', 'worker_id', 'attempt', 'max_attempts', 'crash_count'],
  text: sqlBeside(import.meta.url),
})

import { statement } from '@taskflow/database'

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
  text: `
    select task.id, task.lease_id, task.worker_id, task.attempt, task.max_attempts, task.crash_count
    from task
    where task.state = 'running'
      and not exists (
        select from worker where worker.id = task.worker_id and worker.state in ('active', 'draining')
      )
    limit $1`,
})

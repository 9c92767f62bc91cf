import { statement } from '@taskflow/database'

interface Row {
  promote: boolean
  expire: boolean
  rescue: boolean
  /** Null where no worker lives. */
  oldest_heartbeat_ms: number | null
}

/**
 * Whether there is anything for the statements of these duties: one cheap look in place of one of each. It takes no
 * parameters, for a statement without any is planned once, and planning this one took as long as running it. Its
 * states need not be the domain's own: what a duty may touch its own statement says.
 */
export const findDuties = statement<readonly [], Row>({
  name: 'find_duties',
  lane: 'duty',
  columns: ['promote', 'expire', 'rescue', 'oldest_heartbeat_ms'],
  text: `
    select
      exists (select from task where state in ('scheduled', 'retrying') and run_at <= clock_now()) as promote,
      exists (select from task where start_by <= clock_now() and state <> 'running')
        or exists (select from task where close_by <= clock_now() and state <> 'running') as expire,
      exists (
        select from task
        where state = 'running' and not exists (
          select from worker where worker.id = task.worker_id and worker.state in ('active', 'draining')
        )
      ) as rescue,
      (
        select (extract(epoch from clock_now() - min(heartbeat_at)) * 1000)::float8
        from worker
        where state in ('active', 'draining')
      ) as oldest_heartbeat_ms`,
})

import { statement } from '../statement.ts'

type Params = readonly [promotable: readonly string[], expirable: readonly string[], silentAfterMs: number]

interface Row {
  promote: boolean
  expire: boolean
  bury: boolean
  rescue: boolean
}

/** Whether there is anything for the statements of these duties: one cheap look in place of one of each. */
export const findDuties = statement<Params, Row>({
  name: 'find_duties',
  lane: 'duty',
  columns: ['promote', 'expire', 'bury', 'rescue'],
  text: `
    select
      exists (
        select from task
        where state in ('scheduled', 'retrying') and state = any($1::text[]) and run_at <= clock_now()
      ) as promote,
      exists (select from task where start_by <= clock_now() and state = any($2::text[]))
        or exists (select from task where close_by <= clock_now() and state = any($2::text[])) as expire,
      exists (
        select from worker
        where state in ('active', 'draining') and heartbeat_at < clock_now() - $3::bigint * interval '1 ms'
      ) as bury,
      exists (
        select from task
        where state = 'running' and not exists (
          select from worker where worker.id = task.worker_id and worker.state in ('active', 'draining')
        )
      ) as rescue`,
})

import { statement } from '../statement.ts'

type Params = readonly [
  from: readonly string[],
  limit: number,
  startError: string,
  closeError: string,
  defaultRetentionMs: number,
]

/** Fails tasks whose schedule-to-start or schedule-to-close is over; running ones are their worker's to end. */
export const expireTasks = statement<Params, { expired: number }>({
  name: 'expire_tasks',
  lane: 'duty',
  columns: ['expired'],
  text: `
    -- One ordered walk for each of the two ends: asked for together, no index serves them both, and all that waits is read.
    with past_start as materialized (
      select id, close_by <= clock_now() as is_past_close
      from task
      where start_by <= clock_now() and state = any($1::text[])
      order by start_by
      limit $2
      for update skip locked
    ), past_close as materialized (
      select id
      from task
      where close_by <= clock_now() and state = any($1::text[])
      order by close_by
      limit $2
      for update skip locked
    ), overdue as materialized (
      select id, bool_or(is_past_close) as is_past_close
      from (select id, is_past_close from past_start union all select id, true from past_close) as walked
      group by id
      limit $2
    ), gone as (
      delete from task using overdue
      where task.id = overdue.id
      returning task.*, overdue.is_past_close
    ), finished as (
      insert into finished_task (
        id, project, type, queue, state, priority, run_at, payload, attempt, max_attempts, crash_count, retry, timeouts,
        retention_ms, labels, title, description, created_at, created_by, queued_at, started_at, finished_at,
        cancel_requested_at, error, keep_until)
      select
        id, project, type, queue, 'failed', priority, run_at, payload, attempt, max_attempts, crash_count, retry, timeouts,
        retention_ms, labels, title, description, created_at, created_by, queued_at, started_at, clock_now(),
        cancel_requested_at, case when is_past_close then $4::json else $3::json end,
        clock_now() + coalesce(retention_ms, $5::bigint) * interval '1 ms'
      from gone
    )
    select count(*)::integer as expired,
           (select pg_notify('taskflow_finished', '') from gone having count(*) > 0) as announced
    from gone`,
})

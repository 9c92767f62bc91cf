-- One ordered walk for each of the two deadlines: no index serves both at once, and all waiting tasks would be read.
with past_start as materialized (
  select ctid as place
  from task
  where start_by <= clock_now() and state = any($1::text[])
  order by start_by
  limit $2
  for update skip locked
), past_close as materialized (
  select ctid as place
  from task
  where close_by <= clock_now() and state = any($1::text[])
  order by close_by
  limit $2
  for update skip locked
), gone as (
  delete from task
  -- Planner rule "by place". A row that changed just before it was locked has left its place; the next round finds it.
  where ctid = any(array(select place from past_start union select place from past_close limit $2))
  returning *
), finished as (
  insert into finished_task (
    id, project, type, queue, state, priority, run_at, payload, attempt, max_attempts, crash_count, retry, timeouts,
    retention_ms, labels, title, description, options, linked, created_at, created_by, queued_at, started_at,
    finished_at, cancel_requested_at, error, keep_until)
  select
    id, project, type, queue, 'failed', priority, run_at, payload, attempt, max_attempts, crash_count, retry, timeouts,
    retention_ms, labels, title, description, options, linked, created_at, created_by, queued_at, started_at,
    clock_now(), cancel_requested_at, case when close_by <= clock_now() then $4::json else $3::json end,
    clock_now() + coalesce(retention_ms, $5::bigint) * interval '1 ms'
  from gone
), noticed as (
  insert into task_notice (consumer, project, task_id, kind, at)
  select consumer, project, id, 'task.failed', clock_now()
  from gone
  cross join unnest($6::text[]) as consumer
  where linked
)
select count(*)::integer as expired,
       (select pg_notify('taskflow_finished', '') from gone having count(*) > 0) as notify_finished
from gone

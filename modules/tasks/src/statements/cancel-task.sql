with target as materialized (
  select id, state, worker_id, cancel_requested_at
  from task
  where id = $1 and project = $2 and state = any($3::text[])
  for update
), gone as (
  delete from task
  -- Planner rule "guard, not join".
  where id = (select id from target where state <> 'running')
  returning *
), finished as (
  insert into finished_task (
    id, project, type, queue, state, priority, run_at, payload, attempt, max_attempts, crash_count, retry, timeouts,
    retention_ms, labels, title, description, options, linked, created_at, created_by, queued_at, started_at,
    finished_at, cancel_requested_at, error, keep_until)
  select
    id, project, type, queue, 'cancelled', priority, run_at, payload, attempt, max_attempts, crash_count,
    retry, timeouts, retention_ms, labels, title, description, options, linked, created_at, created_by, queued_at,
    started_at, clock_now(), clock_now(),
    -- An earlier failure is kept, but its reason is not why the task ended.
    case
      when error is null then $6::json
      else json_build_object('name', error -> 'name', 'message', error -> 'message', 'reason', 'cancelled')
    end,
    clock_now() + coalesce(retention_ms, $7::bigint) * interval '1 ms'
  from gone
), noticed as (
  insert into task_notice (consumer, project, task_id, kind, at)
  select consumer, project, id, 'task.cancelled', clock_now()
  from gone
  cross join unnest($8::text[]) as consumer
  where linked
), requested as (
  update task set cancel_requested_at = clock_now()
  where id = (select id from target where state = 'running' and cancel_requested_at is null)
), recorded as (
  insert into task_event (task_id, project, at, kind, actor, detail)
  select id, $2, clock_now(), 'task.cancelRequested', $4, json_build_object('reason', $5::text)
  from target
  where cancel_requested_at is null
)
select id, state, cancel_requested_at is null as is_new,
       case when state = 'running' then pg_notify('taskflow_asked', worker_id::text) end as notify_asked,
       case when state <> 'running' then pg_notify('taskflow_finished', '') end as notify_finished
from target

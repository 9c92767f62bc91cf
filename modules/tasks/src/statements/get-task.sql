-- Column by column: a statement that returns all columns of a view fails in sessions that prepared it before a
-- migration added one.
select known.id, project, type, queue, state, priority, run_at, payload, attempt, max_attempts, crash_count, retry,
       timeouts, retention_ms, labels, title, description, options, created_at, created_by, queued_at, started_at,
       finished_at, worker_id, lease_id, cancel_requested_at, result, error, version,
       progressed.detail as progress, progressed.at as progress_at
from (
  select id, project, type, queue, state, priority, run_at, payload, attempt, max_attempts, crash_count, retry,
         timeouts, retention_ms, labels, title, description, options, created_at, created_by, queued_at, started_at,
         null::timestamptz as finished_at, worker_id, lease_id, cancel_requested_at, null::json as result, error,
         xmin::text as version
  from task
  where id = $1
  union all
  select id, project, type, queue, state, priority, run_at, payload, attempt, max_attempts, crash_count, retry,
         timeouts, retention_ms, labels, title, description, options, created_at, created_by, queued_at, started_at,
         finished_at, worker_id, lease_id, cancel_requested_at, result, error, xmin::text as version
  from finished_task
  where id = $1 and keep_until > clock_now()
) as known
left join lateral (
  select detail, at
  from task_event
  -- Only the progress of the current attempt, or of the attempt that ended the task.
  where task_id = $1 and kind = 'task.progressed' and at >= known.started_at
  order by at desc, task_event.id desc
  limit 1
) as progressed on true
where project = $2

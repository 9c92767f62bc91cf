with gone as (
  delete from finished_task
  where id = $1 and project = $2 and state = any($3::text[]) and keep_until > clock_now()
  returning *
), queued as (
  insert into task (
    id, project, type, queue, state, priority, rank, run_at, payload, max_attempts, retry, timeouts, start_by, close_by,
    retention_ms, labels, title, description, options, linked, created_at, created_by, queued_at)
  select id, project, type, queue, 'queued', priority,
         clock_now() - ($6::bigint[])[priority + 1] * interval '1 ms',
         null, coalesce($5::json, payload), max_attempts, retry, timeouts,
         clock_now() + (timeouts ->> 'scheduleToStartMs')::bigint * interval '1 ms',
         clock_now() + (timeouts ->> 'scheduleToCloseMs')::bigint * interval '1 ms',
         retention_ms, labels, title, description, options, linked, created_at, created_by, clock_now()
  from gone
  returning id, project, queue, type, priority, rank
), recorded_attempt as (
  insert into task_attempt (task_id, lease_id, project, attempt, worker_id, started_at, ended_at, outcome, error)
  select id, lease_id, project, attempt, worker_id, started_at, finished_at,
         coalesce($7::json ->> (error ->> 'reason'), state), error
  from gone
  where lease_id is not null
), recorded as (
  insert into task_event (task_id, project, at, kind, actor, detail)
  select id, project, clock_now(), 'task.redriven', $4,
         json_build_object(
           'from', state,
           'finishedAt', to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'error', error,
           'payloadEdited', $5::json is not null)
  from gone
)
select id, project, queue, type, priority, (extract(epoch from rank) * 1000)::float8 as rank_ms,
       pg_notify('taskflow_ready', queue) as notify_ready
from queued

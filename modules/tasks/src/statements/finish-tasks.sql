with settlement as materialized (
  select task_id, lease_id, coalesce(to_state, 'succeeded') as to_state, result, failure,
         coalesce(crashes, 0) as crashes
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::json[], $5::json[], $6::integer[])
    as settlement (task_id, lease_id, to_state, result, failure, crashes)
), gone as (
  delete from task
  -- Planner rule "guard, not join". The lease alone guards: only a running task has one, and a test of the state
  -- would allow a plan that starts from the state.
  where id = any($1::uuid[]) and ((id, lease_id) in (select task_id, lease_id from settlement)) is true
  -- Whether it leaves notices comes first, so that a scan for that alone reads no further into the row.
  returning linked as leaves_notices, *
), finished as (
  insert into finished_task (
    id, project, type, queue, state, priority, run_at, payload, attempt, max_attempts, crash_count, retry, timeouts,
    retention_ms, labels, title, description, options, linked, created_at, created_by, queued_at, started_at,
    finished_at, worker_id, lease_id, cancel_requested_at, result, error, keep_until)
  select
    gone.id, project, type, queue, to_state, priority, run_at, payload, attempt, max_attempts, crash_count + crashes,
    retry, timeouts, retention_ms, labels, title, description, options, linked, created_at, created_by, queued_at,
    started_at, clock_now(), worker_id, gone.lease_id, cancel_requested_at, result,
    case when to_state = 'succeeded' then null else coalesce(failure, error) end,
    clock_now() + coalesce(retention_ms, $7::bigint) * interval '1 ms'
  from gone
  join settlement on settlement.task_id = gone.id and settlement.lease_id = gone.lease_id
), counted as materialized (
  select count(*) as tasks, bool_or(leaves_notices) as leave_notices from gone
)
-- Counted first: mostly no lease is refused, so the leases are compared only where a task is missing.
select case when (select tasks from counted) < cardinality($1::uuid[]) then
         array(select lease_id from settlement except select lease_id from gone)::text[]
       end as refused,
       -- By a function, so that a batch without a linked task does not even open the table of notices.
       case when (select leave_notices from counted) then (
         select leave_notices($8::text[], array_agg(lease_id), array_agg(project), $1::uuid[], $2::uuid[], $3::text[])
         from gone
         where leaves_notices
       ) end as noticed,
       pg_notify('taskflow_finished', '') as notify_finished

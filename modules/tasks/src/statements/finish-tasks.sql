with settlement as materialized (
  select task_id, lease_id, coalesce(to_state, 'succeeded') as to_state, result, failure,
         coalesce(crashes, 0) as crashes
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::json[], $5::json[], $6::integer[])
    as settlement (task_id, lease_id, to_state, result, failure, crashes)
), gone as (
  delete from task
  -- By the primary key, and not joined: with statistics that call the table empty, as after every backlog that was
  -- worked off, a join would walk the whole of the key. The lease alone guards: only a running task has one, and
  -- a test of the state would invite a plan by state. "Is true" keeps the guard from becoming a join.
  where id = any($1::uuid[]) and ((id, lease_id) in (select task_id, lease_id from settlement)) is true
  returning *
), finished as (
  insert into finished_task (
    id, project, type, queue, state, priority, run_at, payload, attempt, max_attempts, crash_count, retry, timeouts,
    retention_ms, labels, title, description, created_at, created_by, queued_at, started_at, finished_at,
    worker_id, lease_id, cancel_requested_at, result, error, keep_until)
  select
    gone.id, project, type, queue, to_state, priority, run_at, payload, attempt, max_attempts, crash_count + crashes,
    retry, timeouts, retention_ms, labels, title, description, created_at, created_by, queued_at, started_at,
    clock_now(),
    worker_id, gone.lease_id, cancel_requested_at, result,
    case when to_state = 'succeeded' then null else coalesce(failure, error) end,
    clock_now() + coalesce(retention_ms, $7::bigint) * interval '1 ms'
  from gone
  join settlement on settlement.task_id = gone.id and settlement.lease_id = gone.lease_id
)
-- Mostly none is: so they are counted, and looked for only where one is missing.
select case when (select count(*) from gone) < cardinality($1::uuid[]) then
         array(select lease_id from settlement except select lease_id from gone)::text[]
       end as refused,
       pg_notify('taskflow_finished', '') as notify_finished

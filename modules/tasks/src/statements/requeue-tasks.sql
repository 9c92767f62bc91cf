with settlement as materialized (
  select *,
         case when outcome = 'snoozed' and delay_ms < $12::bigint
                   and started_attempts_ago(task_id, $10::integer) > clock_now() - $11::bigint * interval '1 ms'
              then $12::bigint end as floor_ms
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::integer[], $6::integer[], $7::bigint[], $8::json[])
    as settlement (task_id, lease_id, to_state, outcome, used_attempts, crashes, delay_ms, failure)
), ended as materialized (
  -- Planner rule "look up per key".
  select held.*, settlement.*,
         clock_now() + coalesce(floor_ms, delay_ms) * interval '1 ms' as due_at
  from settlement
  cross join lateral (
    select id, project, queue, type, priority, rank, attempt, worker_id, started_at, cancel_requested_at
    from task
    where id = settlement.task_id and lease_id = settlement.lease_id
    limit 1
    for update
  ) as held
), returned as (
  update task
  set state = ended.to_state,
      attempt = task.attempt - 1 + ended.used_attempts,
      crash_count = task.crash_count + ended.crashes,
      run_at = coalesce(ended.due_at, task.run_at),
      -- A task that is queued again at once keeps its rank.
      rank = coalesce(ended.due_at - ($9::bigint[])[task.priority + 1] * interval '1 ms', task.rank),
      queued_at = case when ended.to_state = 'queued' then clock_now() end,
      error = coalesce(ended.failure, task.error),
      worker_id = null,
      lease_id = null,
      started_at = null
  from ended
  -- Planner rule "range for equality". Not by place: a row that changed just before it was locked, and kept its lease,
  -- has left the place that this statement sees.
  where task.id between ended.id and ended.id and ended.cancel_requested_at is null
), recorded as (
  insert into task_attempt (task_id, lease_id, project, attempt, worker_id, started_at, ended_at, outcome, error)
  select task_id, lease_id, project, attempt, worker_id, started_at, clock_now(), outcome, failure
  from ended
  where cancel_requested_at is null
)
select id, project, queue, type, priority,
       case when to_state = 'queued' and cancel_requested_at is null
            then (extract(epoch from rank) * 1000)::float8 end as rank_ms,
       lease_id, cancel_requested_at is not null as is_cancelled,
       floor_ms is not null and cancel_requested_at is null as is_slowed,
       (select pg_notify('taskflow_ready', left(string_agg(distinct queue, ','), 7900))
        from ended where to_state = 'queued' and cancel_requested_at is null having count(*) > 0) as notify_ready,
       (select pg_notify('taskflow_due', min(due_at)::text)
        from ended where to_state <> 'queued' having count(*) > 0) as notify_due
from ended

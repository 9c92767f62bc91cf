with waiting as materialized (
  select ctid as place
  from task
  where project = $1 and waiting_gate = $2 and not exists (select from gate where project = $1 and name = $2)
  order by rank
  limit $3
  for update of task skip locked
), readmitted as (
  update task
  set waiting_gate = null,
      -- Planner rule "set aside by rank": the task gets its own rank back.
      -- A process of migration 0007 may have given the task an ordinary rank meanwhile.
      rank = case when rank >= '2900-01-01Z' then rank - interval '8766000 hours' else rank end,
      queued_at = case when state = 'queued' then clock_now() else queued_at end
  -- Planner rule "by place".
  where ctid = any(array(select place from waiting))
  returning id, project, queue, type, priority, rank, state
)
select id, project, queue, type, priority,
       case when state = 'queued' then (extract(epoch from rank) * 1000)::float8 end as rank_ms,
       (select pg_notify('taskflow_ready', left(string_agg(distinct queue, ','), 7900))
        from readmitted where state = 'queued' having count(*) > 0) as notify_ready
from readmitted

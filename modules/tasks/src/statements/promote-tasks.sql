with due as materialized (
  select ctid as place
  from task
  -- Planner rule "literal state": the literal states are those of the partial index, the bound ones the domain's.
  where state in ('scheduled', 'retrying') and state = any($1::text[]) and run_at <= clock_now()
  order by run_at
  limit $2
  for update skip locked
), promoted as (
  update task
  set state = 'queued', queued_at = clock_now()
  -- Planner rule "by place". A row that changed just before it was locked has left its place; the next round finds it.
  where ctid = any(array(select place from due))
  returning id, project, queue, type, priority, rank, waiting_gate
)
select id, project, queue, type, priority,
       case when waiting_gate is null then (extract(epoch from rank) * 1000)::float8 end as rank_ms,
       (select pg_notify('taskflow_ready', left(string_agg(distinct queue, ','), 7900))
        from promoted where waiting_gate is null having count(*) > 0) as notify_ready
from promoted

with due as materialized (
  select ctid as place
  from task
  -- The literal states are those of the partial index; the bound ones are the domain's.
  where state in ('scheduled', 'retrying') and state = any($1::text[]) and run_at <= clock_now()
  order by run_at
  limit $2
  for update skip locked
), promoted as (
  update task
  set state = 'queued', queued_at = clock_now()
  -- Not joined: of a table that it believes empty, the planner would walk all. Who changed just before it was
  -- locked has left its place, and is due in the next round.
  where ctid = any(array(select place from due))
  returning id, project, queue, type, priority, rank
)
select id, project, queue, type, priority, (extract(epoch from rank) * 1000)::float8 as rank_ms,
       (select pg_notify('taskflow_ready', left(string_agg(distinct queue, ','), 7900))
        from promoted having count(*) > 0) as notify_ready
from promoted

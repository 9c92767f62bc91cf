-- The types that wait in the queue, one index look-up each.
with recursive waiting as (
  (
    select type from task
    where state = 'queued' and project = $1 and queue = $3 and ($4::text is null or type = $4)
    order by type
    limit 1
  )
  union all
  select (
    select task.type from task
    where state = 'queued' and project = $1 and queue = $3 and task.type > waiting.type
    order by task.type
    limit 1
  )
  from waiting
  where waiting.type is not null and $4::text is null
), picked as materialized (
  select head.place
  from waiting
  cross join lateral (
    select ctid as place
    from task
    where task.state = 'queued' and task.project = $1 and task.queue = $3 and task.type = waiting.type
      and task.rank < '2900-01-01Z'
    order by task.rank
    limit $5
    for update skip locked
  ) as head
  where exists (select from gate where project = $1 and name = $2)
  limit $5
)
update task
-- Planner rule "set aside by rank".
set waiting_gate = $2, rank = rank + interval '8766000 hours'
-- Planner rule "by place".
where ctid = any(array(select place from picked))
returning id

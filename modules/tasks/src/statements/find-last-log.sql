-- Planner rule "look up per key".
select line.id
from unnest($1::uuid[]) as given (task_id)
cross join lateral (
  select id
  from task_log
  where task_id = given.task_id
  order by id desc
  limit 1
) as line
order by line.id desc
limit 1

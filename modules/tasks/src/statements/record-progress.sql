insert into task_event (task_id, id, project, at, kind, detail)
select task_id, id, project, clock_now(), 'task.progressed', detail
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::json[]) as update (task_id, lease_id, id, detail)
-- Planner rule "look up per key".
cross join lateral (
  select project from task
  where id = update.task_id and lease_id = update.lease_id
  limit 1
) as held

select any_task.*, progressed.detail as progress, progressed.at as progress_at
from any_task
left join lateral (
  select detail, at
  from task_event
  -- Of the present attempt, or of the one that ended the task: never of one before.
  where task_id = $1 and kind = 'task.progressed' and at >= any_task.started_at
  order by at desc, task_event.id desc
  limit 1
) as progressed on true
where any_task.id = $1 and project = $2

select kind, at, actor, detail from task_event where task_id = $1 order by at, id

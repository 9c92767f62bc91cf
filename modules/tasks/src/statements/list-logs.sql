select id, attempt, at, level, message, fields
from task_log
where task_id = $1 and ($2::uuid is null or id > $2)
order by id
limit $3

select type, queue, priority, max_attempts, retry::text, timeouts::text, input_schema::text
from task_type
where project = $1
order by type

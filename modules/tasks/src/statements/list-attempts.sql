select lease_id, attempt, worker_id, started_at, ended_at, outcome, error
from task_attempt
where task_id = $1
order by started_at

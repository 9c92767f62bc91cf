select lease_id, attempt, worker_id, started_at, ended_at, outcome, error
from task_attempt
where task_id = $1
  and ($2::uuid is null or (started_at, lease_id) >= (
    select started_at, lease_id from task_attempt where task_id = $1 and lease_id = $2))
order by started_at, lease_id
limit $3

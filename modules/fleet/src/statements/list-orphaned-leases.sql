select task.id, task.lease_id, task.worker_id, task.attempt, task.max_attempts, task.crash_count
from task
where task.state = 'running'
  and not exists (
    select from worker where worker.id = task.worker_id and worker.state in ('active', 'draining')
  )
limit $1

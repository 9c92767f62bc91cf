select id, lease_id
from task
where worker_id = $1 and state = 'running'

update worker
set heartbeat_at = clock_now(), state = $2, loop_lag_ms = $3, since_fetch_ms = $4
where id = $1 and state in ('active', 'draining')
returning array(
  select task.id
  from task
  where task.worker_id = $1 and task.state = 'running' and task.cancel_requested_at is not null
) as cancelled, request

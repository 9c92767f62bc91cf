select
  exists (select from task where state in ('scheduled', 'retrying') and run_at <= clock_now()) as promote,
  exists (select from task where start_by <= clock_now() and state <> 'running')
    or exists (select from task where close_by <= clock_now() and state <> 'running') as expire,
  exists (
    select from task
    where state = 'running' and not exists (
      select from worker where worker.id = task.worker_id and worker.state in ('active', 'draining')
    )
  ) as rescue,
  (
    select (extract(epoch from clock_now() - min(heartbeat_at)) * 1000)::float8
    from worker
    where state in ('active', 'draining')
  ) as oldest_heartbeat_ms

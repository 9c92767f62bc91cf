with workers as (
  delete from worker
  where state in ('stopped', 'lost') and heartbeat_at < clock_now() - interval '1 day'
    and not exists (select from task where task.state = 'running' and task.worker_id = worker.id)
), minutes as (
  delete from queue_minute where minute < clock_now() - interval '2 days'
)
delete from queue_count as counted
where depth = '{}' and not exists (
  select from queue_minute as settled
  where settled.project = counted.project and settled.queue = counted.queue
    and settled.minute >= clock_now() - interval '2 days'
)

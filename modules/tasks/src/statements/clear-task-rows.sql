with keys as (
  delete from idempotency_key where created_at < clock_now() - interval '1 day'
), finished as (
  delete from finished_task_default where keep_until < clock_now()
), attempts as (
  delete from task_attempt_default as old
  where not exists (select from any_task where any_task.id = old.task_id)
), events as (
  delete from task_event_default as old
  where not exists (select from any_task where any_task.id = old.task_id)
)
delete from task_log_default as old
where not exists (select from any_task where any_task.id = old.task_id)

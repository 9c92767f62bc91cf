import { statement } from '../statement.ts'

/** Idempotency keys and ended workers live for a day, these as long as they hold tasks too, minutes of queues for two, and a queue as long as it has tasks or minutes; survivors of dropped days until they expire, and what belongs to them as long. */
export const clearOldRows = statement<readonly [], never>({
  name: 'clear_old_rows',
  columns: [],
  text: `
    with keys as (
      delete from idempotency_key where created_at < clock_now() - interval '1 day'
    ), workers as (
      delete from worker
      where state in ('stopped', 'lost') and heartbeat_at < clock_now() - interval '1 day'
        and not exists (select from task where task.state = 'running' and task.worker_id = worker.id)
    ), minutes as (
      delete from queue_minute where minute < clock_now() - interval '2 days'
    ), queues as (
      delete from queue_count as counted
      where depth = '{}' and not exists (
        select from queue_minute as settled
        where settled.project = counted.project and settled.queue = counted.queue
          and settled.minute >= clock_now() - interval '2 days'
      )
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
    where not exists (select from any_task where any_task.id = old.task_id)`,
})

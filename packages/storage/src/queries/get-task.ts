import { statement } from '../statement.ts'
import type { TaskRow } from '../task-row.ts'

export const getTask = statement<readonly [id: string, project: string], TaskRow>({
  name: 'get_task',
  columns: [
    'id',
    'project',
    'type',
    'queue',
    'state',
    'priority',
    'run_at',
    'payload',
    'attempt',
    'max_attempts',
    'crash_count',
    'retry',
    'timeouts',
    'retention_ms',
    'labels',
    'title',
    'description',
    'created_at',
    'created_by',
    'queued_at',
    'started_at',
    'finished_at',
    'worker_id',
    'lease_id',
    'cancel_requested_at',
    'result',
    'error',
    'version',
    'progress',
    'progress_at',
  ],
  text: `
    select any_task.*, progressed.detail as progress, progressed.at as progress_at
    from any_task
    left join lateral (
      select detail, at
      from task_event
      where task_id = $1 and kind = 'task.progressed'
      order by at desc, task_event.id desc
      limit 1
    ) as progressed on true
    where any_task.id = $1 and project = $2`,
})

import type { Queries } from './tables-of-tasks.ts'

/** Violations of the form "idempotency key <key> …". */
export const OF_KEYS: Queries = {
  // A key is stored with its tasks. After an hour, retention may have deleted the tasks before the key.
  'names a task that does not exist': `
    select key as id, named as detail
    from idempotency_key cross join unnest(task_ids) as named
    where named >= $1 and created_at > clock_now() - interval '1 hour'
      and not exists (select from known where known.id = named)`,
  'names a task that another key also names': `
    select min(key) as id, named as detail
    from idempotency_key cross join unnest(task_ids) as named
    where named >= $1
    group by named
    having count(*) > 1`,
}

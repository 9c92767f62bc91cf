import type { Queries } from './tables-of-tasks.ts'

/** Of the form "idempotency key <key> …". */
export const OF_KEYS: Queries = {
  // They are stored with the key. Later, retention may have dropped them before it.
  'names a task that is nowhere': `
    select key as id, named as detail
    from idempotency_key cross join unnest(task_ids) as named
    where named >= $1 and created_at > clock_now() - interval '1 hour'
      and not exists (select from known where known.id = named)`,
  'names a task that another key names': `
    select min(key) as id, named as detail
    from idempotency_key cross join unnest(task_ids) as named
    where named >= $1
    group by named
    having count(*) > 1`,
}

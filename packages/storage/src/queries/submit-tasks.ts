import { statement } from '../statement.ts'

/** One array for each column; the nth elements together are one task. Shared by both ways to submit. */
export type SubmitColumns = readonly [
  ids: string[],
  projects: string[],
  types: string[],
  queues: string[],
  priorities: number[],
  headStartsMs: number[],
  payloads: string[],
  runAts: (Date | null)[],
  delaysMs: (number | null)[],
  maxAttempts: number[],
  retries: (string | null)[],
  timeouts: (string | null)[],
  scheduleToStartsMs: (number | null)[],
  scheduleToClosesMs: (number | null)[],
  retentionsMs: (number | null)[],
  labels: (string | null)[],
  titles: (string | null)[],
  descriptions: (string | null)[],
  createdBys: string[],
]

export const submitTasks = statement<SubmitColumns, { created_at: Date }>({
  name: 'submit_tasks',
  lane: 'submit',
  columns: ['created_at'],
  text: `
    with item as materialized (
      select item.*, coalesce(item.run_at, clock_now() + item.delay_ms * interval '1 ms') as due_at
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bigint[], $7::json[],
                  $8::timestamptz[], $9::bigint[], $10::integer[], $11::json[], $12::json[], $13::bigint[],
                  $14::bigint[], $15::bigint[], $16::jsonb[], $17::text[], $18::text[], $19::text[])
        with ordinality as item (id, project, type, queue, priority, head_start_ms, payload,
                 run_at, delay_ms, max_attempts, retry, timeouts, schedule_to_start_ms,
                 schedule_to_close_ms, retention_ms, labels, title, description, created_by, number)
    ), stored as (
      insert into task (id, project, type, queue, state, priority, rank, run_at, payload, max_attempts, retry, timeouts,
                        start_by, close_by, retention_ms, labels, title, description, created_at, created_by, queued_at)
      select id, project, type, queue,
             case when due_at > clock_now() then 'scheduled' else 'queued' end,
             priority,
             -- A microsecond apart, so that tasks of one statement keep their order without a longer index.
             greatest(due_at, clock_now()) - head_start_ms * interval '1 ms' + number * interval '1 microsecond',
             due_at, payload, max_attempts, retry, timeouts,
             greatest(due_at, clock_now()) + schedule_to_start_ms * interval '1 ms',
             greatest(due_at, clock_now()) + schedule_to_close_ms * interval '1 ms',
             retention_ms, labels, title, description, clock_now(), created_by,
             case when due_at > clock_now() then null else clock_now() end
      from item
    )
    select clock_now() as created_at,
           (select pg_notify('taskflow_ready', left(string_agg(distinct queue, ','), 7900))
            from item where due_at is null or due_at <= clock_now() having count(*) > 0) as announced,
           (select pg_notify('taskflow_due', min(due_at)::text)
            from item where due_at > clock_now() having count(*) > 0) as announced_due`,
})

with template as materialized (
  select template.*, coalesce(template.run_at, clock_now() + template.delay_ms * interval '1 ms') as due_at
  from unnest($4::text[], $5::text[], $6::text[], $7::smallint[], $8::bigint[], $9::timestamptz[], $10::bigint[],
              $11::integer[], $12::json[], $13::json[], $14::bigint[], $15::bigint[], $16::bigint[], $17::jsonb[],
              $18::text[], $19::text[], $20::text[], $21::jsonb[], $22::boolean[], $23::text[])
    with ordinality as template (project, type, queue, priority, head_start_ms, run_at, delay_ms, max_attempts, retry,
             timeouts, schedule_to_start_ms, schedule_to_close_ms, retention_ms, labels, title, description,
             created_by, options, linked, waiting_gate, template)
), item as materialized (
  select * from unnest($1::uuid[], $2::json[], $3::integer[], $24::integer[])
    with ordinality as item (id, payload, template, submission, number)
), submission as materialized (
  select * from unnest($25::text[], $26::text[], $27::text[], $28::json[])
    with ordinality as submission (project, key, request_hash, changes, number)
), kept as (
  insert into idempotency_key (project, key, request_hash, changes, task_ids, created_at)
  select project, key, request_hash,
         changes,
         task_ids,
         clock_now()
  from submission
  join (
    select submission as number, array_agg(id order by id) as task_ids from item group by submission
  ) as listed using (number)
  -- Always in one order, so that two batches with the same keys cannot deadlock.
  order by project, key
  on conflict do nothing
  returning project, key
), wanted as materialized (
  select item.*
  from kept
  join submission using (project, key)
  join item on item.submission = submission.number
), stored as (
  insert into task (
    id, project, type, queue, state, priority, rank, run_at, payload, max_attempts, retry, timeouts, start_by, close_by,
    retention_ms, labels, title, description, options, linked, waiting_gate, created_at, created_by, queued_at)
  select id, project, type, queue,
         case when due_at > clock_now() then 'scheduled' else 'queued' end,
         priority,
         greatest(due_at, clock_now()) - head_start_ms * interval '1 ms' + number * interval '1 microsecond'
           -- Planner rule "set aside by rank".
           + case when waiting_gate is null then interval '0' else interval '8766000 hours' end,
         due_at, payload, max_attempts, retry, timeouts,
         greatest(due_at, clock_now()) + schedule_to_start_ms * interval '1 ms',
         greatest(due_at, clock_now()) + schedule_to_close_ms * interval '1 ms',
         retention_ms, labels, title, description, options, linked, waiting_gate, clock_now(), created_by,
         case when due_at > clock_now() then null else clock_now() end
  from wanted
  join template using (template)
)
select project, key, clock_now() as created_at,
       (select pg_notify('taskflow_ready', left(string_agg(distinct queue, ','), 7900))
        from wanted join template using (template)
        where (due_at is null or due_at <= clock_now()) and waiting_gate is null
        having count(*) > 0) as notify_ready,
       (select pg_notify('taskflow_due', min(due_at)::text)
        from wanted join template using (template) where due_at > clock_now() having count(*) > 0) as notify_due
from kept

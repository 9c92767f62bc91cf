with kind as materialized (
  select kind.*, coalesce(kind.run_at, clock_now() + kind.delay_ms * interval '1 ms') as due_at
  from unnest($4::text[], $5::text[], $6::text[], $7::smallint[], $8::bigint[], $9::timestamptz[], $10::bigint[],
              $11::integer[], $12::json[], $13::json[], $14::bigint[], $15::bigint[], $16::bigint[], $17::jsonb[],
              $18::text[], $19::text[], $20::text[])
    with ordinality as kind (project, type, queue, priority, head_start_ms, run_at, delay_ms, max_attempts, retry,
             timeouts, schedule_to_start_ms, schedule_to_close_ms, retention_ms, labels, title, description,
             created_by, kind)
), item as materialized (
  select * from unnest($1::uuid[], $2::json[], $3::integer[], $21::integer[])
    with ordinality as item (id, payload, kind, submission, number)
), submission as materialized (
  select * from unnest($22::text[], $23::text[], $24::text[])
    with ordinality as submission (project, key, request_hash, number)
), kept as (
  insert into idempotency_key (project, key, request_hash, task_ids, created_at)
  select project, key, request_hash,
         task_ids,
         clock_now()
  from submission
  join (
    select submission as number, array_agg(id order by id) as task_ids from item group by submission
  ) as listed using (number)
  -- Always in one order, so that two batches with the same keys cannot wait for each other.
  order by project, key
  on conflict do nothing
  returning project, key
), wanted as materialized (
  select item.*
  from kept
  join submission using (project, key)
  join item on item.submission = submission.number
), stored as (
  insert into task (id, project, type, queue, state, priority, rank, run_at, payload, max_attempts, retry, timeouts,
                    start_by, close_by, retention_ms, labels, title, description, created_at, created_by, queued_at)
  select id, project, type, queue,
         case when due_at > clock_now() then 'scheduled' else 'queued' end,
         priority,
         greatest(due_at, clock_now()) - head_start_ms * interval '1 ms' + number * interval '1 microsecond',
         due_at, payload, max_attempts, retry, timeouts,
         greatest(due_at, clock_now()) + schedule_to_start_ms * interval '1 ms',
         greatest(due_at, clock_now()) + schedule_to_close_ms * interval '1 ms',
         retention_ms, labels, title, description, clock_now(), created_by,
         case when due_at > clock_now() then null else clock_now() end
  from wanted
  join kind using (kind)
)
select project, key, clock_now() as created_at,
       (select pg_notify('taskflow_ready', left(string_agg(distinct queue, ','), 7900))
        from wanted join kind using (kind)
        where due_at is null or due_at <= clock_now() having count(*) > 0) as notify_ready,
       (select pg_notify('taskflow_due', min(due_at)::text)
        from wanted join kind using (kind) where due_at > clock_now() having count(*) > 0) as notify_due
from kept

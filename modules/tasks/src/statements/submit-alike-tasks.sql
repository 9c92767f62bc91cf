with stored as (
  insert into task (id, project, type, queue, state, priority, rank, run_at, payload, max_attempts, retry, timeouts,
                    start_by, close_by, retention_ms, labels, title, description, created_at, created_by, queued_at)
  select id, $3::text, $4::text, $5::text,
         case when due_at > clock_now() then 'scheduled' else 'queued' end,
         $6::smallint,
         greatest(due_at, clock_now()) - $7::bigint * interval '1 ms' + number * interval '1 microsecond',
         due_at, payload, $10::integer, $11::json, $12::json,
         greatest(due_at, clock_now()) + $13::bigint * interval '1 ms',
         greatest(due_at, clock_now()) + $14::bigint * interval '1 ms',
         $15::bigint, $16::jsonb, $17::text, $18::text, clock_now(), $19::text,
         case when due_at > clock_now() then null else clock_now() end
  from (select coalesce($8::timestamptz, clock_now() + $9::bigint * interval '1 ms') as due_at) as due,
       unnest($1::uuid[], $2::json[]) with ordinality as item (id, payload, number)
)
select clock_now() as created_at,
       case when due_at is null or due_at <= clock_now() then pg_notify('taskflow_ready', $5::text) end as notify_ready,
       case when due_at > clock_now() then pg_notify('taskflow_due', due_at::text) end as notify_due
from (select coalesce($8::timestamptz, clock_now() + $9::bigint * interval '1 ms') as due_at) as due

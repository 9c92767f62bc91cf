insert into task_type (project, type, queue, priority, max_attempts, retry, timeouts, input_schema, updated_at)
select $1, type, queue, priority, max_attempts, retry, timeouts, input_schema, clock_now()
from unnest($2::text[], $3::text[], $4::smallint[], $5::integer[], $6::json[], $7::json[], $8::json[])
  as item (type, queue, priority, max_attempts, retry, timeouts, input_schema)
order by type
on conflict (project, type) do update
set queue = excluded.queue,
    priority = excluded.priority,
    max_attempts = excluded.max_attempts,
    retry = excluded.retry,
    timeouts = excluded.timeouts,
    input_schema = excluded.input_schema,
    updated_at = excluded.updated_at

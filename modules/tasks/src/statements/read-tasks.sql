-- A page ends with the task whose payload and result bring those on it to $4 bytes. The tasks behind come without
-- theirs and do not fit. The stored size of a value is known without reading it, and is smaller than the value or about
-- the same, so that only values which may fit are read to be measured.
with page as (
  select wanted.number, known.*
  from unnest($1::uuid[]) with ordinality as wanted (wanted_id, number)
  -- Planner rule "look up per key".
  cross join lateral (
    select id, project, type, queue, state, priority, run_at,
           case when $2 then payload else 'null'::json end as payload,
           attempt, max_attempts, crash_count, retry, timeouts, retention_ms, labels, title, description,
           options, created_at, created_by, queued_at, started_at, null::timestamptz as finished_at,
           worker_id, lease_id, cancel_requested_at, null::json as result, error, xmin::text as version
    from task
    where id = wanted_id
    union all
    select id, project, type, queue, state, priority, run_at,
           case when $2 then payload else 'null'::json end as payload,
           attempt, max_attempts, crash_count, retry, timeouts, retention_ms, labels, title, description,
           options, created_at, created_by, queued_at, started_at, finished_at,
           worker_id, lease_id, cancel_requested_at, case when $3 then result end as result,
           error, xmin::text as version
    from finished_task
    where id = wanted_id and keep_until > clock_now()
    limit 1
  ) as known
), stored as (
  select page.*,
         sum(pg_column_size(payload) + coalesce(pg_column_size(result), 0)) over before < $4 is not false as may_fit
  from page
  window before as (order by number rows between unbounded preceding and 1 preceding)
), measured as (
  select stored.*,
         may_fit and sum(
           case when may_fit then octet_length(payload::text) + coalesce(octet_length(result::text), 0) end
         ) over before < $4 is not false as fits
  from stored
  window before as (order by number rows between unbounded preceding and 1 preceding)
)
select id, project, type, queue, state, priority, run_at,
       case when fits then payload else 'null'::json end as payload,
       attempt, max_attempts, crash_count, retry, timeouts, retention_ms, labels, title, description,
       options, created_at, created_by, queued_at, started_at, finished_at,
       worker_id, lease_id, cancel_requested_at, case when fits then result end as result,
       error, version, null::json as progress, null::timestamptz as progress_at, fits
from measured
order by number

(
  select id, project, type, queue, state, priority, run_at,
         'null'::json as payload,
         attempt, max_attempts, crash_count, retry, timeouts, retention_ms, labels, title, description,
         options, created_at, created_by, queued_at, started_at, null::timestamptz as finished_at,
         worker_id, lease_id, cancel_requested_at, null::json as result,
         error, xmin::text as version, null::json as progress, null::timestamptz as progress_at
  from task
  where project = $1
    and ($3::uuid is null or id < $3)
    and ($4::uuid is null or id >= $4)
    and ($5::text[] is null or state = any($5))
    -- Known when planned, so that a half that has none of the states is not walked from end to end.
    and ($5::text[] is null or not $5 <@ '{succeeded,failed,cancelled}')
    and ($6::text is null or queue = $6)
    and ($7::text is null or type = $7)
    and ($8::smallint is null or priority = $8)
    and ($9::jsonb is null or labels @> $9)
    and ($10::text is null or created_by = $10)
    and ($11::text is null or title ilike $11 or description ilike $11 or type ilike $11)
  order by id desc
  limit $2
)
union all
(
  select id, project, type, queue, state, priority, run_at,
         'null'::json as payload,
         attempt, max_attempts, crash_count, retry, timeouts, retention_ms, labels, title, description,
         options, created_at, created_by, queued_at, started_at, finished_at,
         worker_id, lease_id, cancel_requested_at, null::json as result,
         error, xmin::text as version, null::json as progress, null::timestamptz as progress_at
  from finished_task
  where keep_until > clock_now()
    and project = $1
    and ($3::uuid is null or id < $3)
    and ($4::uuid is null or id >= $4)
    and ($5::text[] is null or state = any($5))
    and ($5::text[] is null or $5 && '{succeeded,failed,cancelled}')
    and ($6::text is null or queue = $6)
    and ($7::text is null or type = $7)
    and ($8::smallint is null or priority = $8)
    and ($9::jsonb is null or labels @> $9)
    and ($10::text is null or created_by = $10)
    and ($11::text is null or title ilike $11 or description ilike $11 or type ilike $11)
  order by id desc
  limit $2
)
order by id desc
limit $2

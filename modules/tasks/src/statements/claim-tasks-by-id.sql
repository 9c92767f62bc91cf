-- Planner rule "look up per key". The state is tested outside of the look-up: inside, it would allow a walk of all
-- queued tasks for each id.
with picked as materialized (
  select candidate.place
  from worker
  cross join unnest($2::uuid[]) as wanted_id
  cross join lateral (
    select ctid as place, rank, state, project, queue, type, waiting_gate
    from task
    -- A running task is not even locked.
    where id = wanted_id and lease_id is null
    limit 1
    for update skip locked
  ) as candidate
  where worker.id = $1 and worker.state in ('active', 'draining') and worker.request is null
    and candidate.state = 'queued'
    and candidate.waiting_gate is null
    and candidate.project = worker.project
    and candidate.queue = any($3::text[])
    and candidate.type = any($4::text[])
  order by candidate.rank
  limit $5
)
update task
set state = 'running',
    attempt = attempt + 1,
    max_attempts = case when $7::jsonb is null or max_attempts <> 5 or options ? 'maxAttemptsGiven' then max_attempts
                        else coalesce(($7::jsonb ->> type)::integer, max_attempts) end,
    worker_id = $1,
    lease_id = ($6 || right(id::text, 12))::uuid,
    started_at = clock_now(),
    start_by = null
where ctid = any(array(select place from picked))
returning id, lease_id, project, type, queue, payload, attempt, max_attempts,
          date_part('epoch', created_at) * 1000 as created_at_ms,
          date_part('epoch', clock_now() - queued_at) * 1000 as waited_ms,
          case when crash_count > 0 or num_nonnulls(retry, timeouts, close_by, labels, options) > 0 then
            jsonb_build_object('crashCount', crash_count, 'retry', retry, 'timeouts', timeouts, 'labels', labels,
                               'options', options, 'closeInMs', date_part('epoch', close_by - clock_now()) * 1000)
          end as unusual

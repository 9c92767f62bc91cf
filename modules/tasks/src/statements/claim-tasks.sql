-- One ordered index walk for each queue and type: tasks of a type that this worker does not know are never read,
-- however many there are. Each walk locks up to $4 rows; those that the outer limit leaves out are free again when the
-- statement commits.
with picked as materialized (
  select candidate.place
  from worker
  -- Not named like columns of task, which would hide these names inside the walk.
  cross join unnest($2::text[]) with ordinality as wanted (wanted_queue, position)
  cross join unnest($3::text[]) as wanted_type
  cross join lateral (
    select task.ctid as place, task.rank
    from task
    where task.state = 'queued'
      and task.project = worker.project
      and task.queue = wanted_queue
      and task.type = wanted_type
      -- Planner rule "set aside by rank": tasks that wait at a gate are beyond.
      and task.rank < '2900-01-01Z'
    order by task.rank
    limit $4
    for update skip locked
  ) as candidate
  -- A lost worker claims nothing, though it may not know yet that it is lost; nor does a worker that has stopped, or
  -- that is requested to cordon or drain.
  where worker.id = $1 and worker.state in ('active', 'draining') and worker.request is null
  order by case when $5 then wanted.position end, candidate.rank
  limit $4
)
update task
set state = 'running',
    attempt = attempt + 1,
    -- The general default (DEFAULT_MAX_ATTEMPTS) gives way to that of the type, unless the caller named it.
    max_attempts = case when $7::jsonb is null or max_attempts <> 5 or options ? 'maxAttemptsGiven' then max_attempts
                        else coalesce(($7::jsonb ->> type)::integer, max_attempts) end,
    worker_id = $1,
    -- Made of the id of the claim and the random end of the task's id: new random ids cost a tenth of the claim.
    lease_id = ($6 || right(id::text, 12))::uuid,
    started_at = clock_now(),
    start_by = null
-- Planner rule "by place": a locked row cannot leave it.
where ctid = any(array(select place from picked))
returning id, lease_id, project, type, queue, payload, attempt, max_attempts,
          -- Not extract(), which computes in numeric, ten times slower.
          date_part('epoch', created_at) * 1000 as created_at_ms,
          date_part('epoch', clock_now() - queued_at) * 1000 as waited_ms,
          case when crash_count > 0 or num_nonnulls(retry, timeouts, close_by, labels, options) > 0 then
            jsonb_build_object('crashCount', crash_count, 'retry', retry, 'timeouts', timeouts, 'labels', labels,
                               'options', options, 'closeInMs', date_part('epoch', close_by - clock_now()) * 1000)
          end as unusual

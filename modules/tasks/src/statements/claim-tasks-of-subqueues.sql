-- The first few tasks of each subqueue.
with few as materialized (
  select worker.project as of_project, of_queue, of_type, case when $5 then position else 0 end as position, head.rank
  from worker
  cross join unnest($2::text[]) with ordinality as wanted (of_queue, position)
  cross join unnest($3::text[]) as of_type
  cross join lateral (
    select task.rank
    from task
    where task.state = 'queued' and task.project = worker.project and task.queue = of_queue and task.type = of_type
      -- Planner rule "set aside by rank": tasks that wait at a gate are beyond.
      and task.rank < '2900-01-01Z'
    order by task.rank
    limit 2 * $4 / (cardinality($2::text[]) * cardinality($3::text[])) + 2
  ) as head
  where worker.id = $1 and worker.state in ('active', 'draining') and worker.request is null
), subqueue as materialized (
  select of_project, of_queue, of_type, position, min(rank) as rank
  from few
  group by of_project, of_queue, of_type, position
), bound as materialized (
  -- How far to read: up to the last task that two claims at once would take of these few. Among all waiting tasks that
  -- place can only come sooner. Where there are fewer tasks, everything is read.
  select coalesce(max(position), 2147483647) as position, coalesce(max(rank), '2900-01-01Z') as rank
  from (select position, rank from few order by position, rank offset 2 * $4 - 1 limit 1) as last
), seen as materialized (
  select waiting.place
  from subqueue
  cross join bound
  cross join lateral (
    select task.ctid as place, task.rank
    from task
    where task.state = 'queued' and task.project = of_project and task.queue = of_queue and task.type = of_type
      and task.rank <= case when subqueue.position < bound.position then '2900-01-01Z' else bound.rank end
    order by task.rank
    limit $4
  ) as waiting
  where (subqueue.position, subqueue.rank) <= (bound.position, bound.rank)
  order by subqueue.position, waiting.rank
), first as materialized (
  -- One by one in that order, until there are enough. A second order by here would lock all of them first.
  select locked.place
  from seen
  cross join lateral (
    select task.ctid as place
    from task
    -- A task that was claimed since it was seen is tested again in its current version, by its lease alone.
    where task.ctid = seen.place and task.lease_id is null
    limit 1
    for update skip locked
  ) as locked
  limit $4
), rest as materialized (
  -- Other claims took some of these, so this continues behind them: the subqueue that waits longest first, but only a
  -- few tasks of each subqueue before more are taken of any.
  select locked.place
  from (
    select of_project, of_queue, of_type, skipped, taken
    from subqueue
    cross join (values (0, 4), (4, $4)) as turn (skipped, taken)
    order by subqueue.position, skipped, subqueue.rank
  ) as held
  cross join lateral (
    select task.ctid as place
    from task
    where task.state = 'queued' and task.project = of_project and task.queue = of_queue and task.type = of_type
      and task.rank < '2900-01-01Z'
      and task.ctid <> all(array(select place from first))
    order by task.rank
    offset skipped
    limit taken
    for update skip locked
  ) as locked
  limit case
    when (select count(*) from first) < (select count(*) from seen) then $4 - (select count(*) from first)
    else 0
  end
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
where ctid = any(array(select place from first union all select place from rest))
returning id, lease_id, project, type, queue, payload, attempt, max_attempts,
          date_part('epoch', created_at) * 1000 as created_at_ms,
          date_part('epoch', clock_now() - queued_at) * 1000 as waited_ms,
          case when crash_count > 0 or num_nonnulls(retry, timeouts, close_by, labels, options) > 0 then
            jsonb_build_object('crashCount', crash_count, 'retry', retry, 'timeouts', timeouts, 'labels', labels,
                               'options', options, 'closeInMs', date_part('epoch', close_by - clock_now()) * 1000)
          end as unusual

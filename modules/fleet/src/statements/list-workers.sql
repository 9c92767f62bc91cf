select id, project, name, host, pid, version, labels, queues, types, slots,
       case
         when state in ('lost', 'stopped') then state
         when heartbeat_at < clock_now() - $5::bigint * interval '1 ms' then 'silent'
         when state = 'draining' or request = 'drain' then 'draining'
         when request = 'cordon' then 'cordoned'
         else state
       end as state,
       loop_lag_ms, since_fetch_ms, started_at, heartbeat_at,
       coalesce(held.running, '[]'::jsonb) as running
from worker
left join lateral (
  select jsonb_agg(jsonb_build_object('taskId', task.id, 'type', task.type, 'startedAt', task.started_at)) as running
  from (
    select id, type, started_at from task
    where task.state = 'running' and task.worker_id = worker.id
    -- Limits the size of a page: a worker may have thousands of slots.
    limit 200
  ) as task
) as held on true
where project = $1
  and ($3::uuid is null or id < $3)
  and ($4::uuid is null or id = $4)
order by id desc
limit $2

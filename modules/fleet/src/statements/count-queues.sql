-- Materialized, because it reads every unfinished task. Each id fulfils the condition, which lets the planner use an
-- index. Without the condition, only a sequential scan would be possible. plan-settings.ts makes it so expensive that
-- a sort of all rows would look free beside it.
with by_state as materialized (
  select project, queue, state, count(*) as tasks, min(queued_at) filter (where state = 'queued') as oldest_queued_at
  from task
  where id >= '00000000-0000-0000-0000-000000000000'
  group by project, queue, state
), counted as (
  select project, queue, jsonb_object_agg(state, tasks) as depth, min(oldest_queued_at) as oldest_queued_at
  from by_state
  group by project, queue
), known as (
  select project, queue from queue_count
  union select project, queue from queue_minute
  union select project, queue from counted
), latest as (
  select project, queue, coalesce(counted.depth, '{}') as depth, counted.oldest_queued_at,
         last.counted_at is null or (coalesce(counted.depth, '{}'), counted.oldest_queued_at)
           is distinct from (last.depth, last.oldest_queued_at) as is_changed,
         last.counted_at
  from known
  left join counted using (project, queue)
  left join queue_count as last using (project, queue)
), written as (
  insert into queue_count (project, queue, depth, oldest_queued_at, counted_at)
  select project, queue, depth, oldest_queued_at, clock_now()
  from latest
  where is_changed or counted_at < clock_now() - interval '30 seconds'
  order by project, queue
  on conflict (project, queue) do update
  set depth = excluded.depth, oldest_queued_at = excluded.oldest_queued_at, counted_at = excluded.counted_at
)
select count(*) filter (where is_changed)::integer as changed from latest

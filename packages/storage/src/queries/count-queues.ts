import { statement } from '../statement.ts'

/** Writes the count of every queue that has, had or settled tasks, so that an emptied one reads zero. */
export const countQueues = statement<readonly [], never>({
  name: 'count_queues',
  columns: [],
  text: `
    insert into queue_count (project, queue, depth, oldest_queued_at, counted_at)
    select known.project, known.queue, coalesce(counted.depth, '{}'), counted.oldest_queued_at, clock_now()
    from (
      select project, queue from queue_count
      union select project, queue from queue_minute
      union select project, queue from task
    ) as known
    left join (
      select project, queue, jsonb_object_agg(state, tasks) as depth, min(oldest_queued_at) as oldest_queued_at
      from (
        select project, queue, state, count(*) as tasks, min(queued_at) filter (where state = 'queued') as oldest_queued_at
        from task
        group by project, queue, state
      ) as by_state
      group by project, queue
    ) as counted using (project, queue)
    order by 1, 2
    on conflict (project, queue) do update
    set depth = excluded.depth, oldest_queued_at = excluded.oldest_queued_at, counted_at = excluded.counted_at`,
})

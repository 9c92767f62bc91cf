import { statement } from '@taskflow/database'

interface Row {
  project: string
  queue: string
  type: string
  priority: number
  tasks: number
}

/** On no lane: of a long line it takes a while, and promotion must not stand behind it. */
export const countQueuedTasks = statement<readonly [settledForMs: number], Row>({
  name: 'count_queued_tasks',
  columns: ['project', 'queue', 'type', 'priority', 'tasks'],
  text: `
    select project, queue, type, priority, count(*) as tasks
    from task
    -- Not by the rank: a task that came back from a worker kept its place, and was queued just now all the same.
    where state = 'queued' and queued_at < clock_now() - $1::bigint * interval '1 ms'
    group by project, queue, type, priority`,
})

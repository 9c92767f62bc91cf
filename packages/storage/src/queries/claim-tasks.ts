import { statement } from '../statement.ts'

type Params = readonly [
  workerId: string,
  queues: readonly string[],
  types: readonly string[],
  max: number,
  isDrawn: boolean,
]

export interface ClaimedRow {
  id: string
  lease_id: string
  project: string
  type: string
  queue: string
  payload: string
  attempt: number
  max_attempts: number
  crash_count: number
  retry: string | null
  timeouts: string | null
  close_in_ms: number | null
  labels: Record<string, string> | null
  created_at: Date
  waited_ms: number
}

/** What both ways to claim return. */
export const CLAIMED_COLUMNS = [
  'id',
  'lease_id',
  'project',
  'type',
  'queue',
  'payload',
  'attempt',
  'max_attempts',
  'crash_count',
  'retry',
  'timeouts',
  'close_in_ms',
  'labels',
  'created_at',
  'waited_ms',
] as const satisfies readonly (keyof ClaimedRow)[]

export const claimTasks = statement<Params, ClaimedRow>({
  name: 'claim_tasks',
  lane: 'claim',
  columns: CLAIMED_COLUMNS,
  text: `
    -- One ordered index walk for each queue and type: tasks of a type that this worker does not
    -- know are never looked at, however many there are. Each walk locks up to $4 rows; what the
    -- outer limit leaves out is free again when the statement commits.
    with picked as materialized (
      select candidate.id
      from worker
      -- Named unlike the columns of task: within the walk those would be meant.
      cross join unnest($2::text[]) with ordinality as wanted (wanted_queue, place)
      cross join unnest($3::text[]) as wanted_type
      cross join lateral (
        select task.id, task.rank
        from task
        where task.state = 'queued'
          and task.project = worker.project
          and task.queue = wanted_queue
          and task.type = wanted_type
        order by task.rank
        limit $4
        for update skip locked
      ) as candidate
      -- A worker that was declared dead claims nothing, though it may not know yet; nor does one that said goodbye,
      -- or that is asked to cordon or drain.
      where worker.id = $1 and worker.state in ('active', 'draining') and worker.request is null
      order by case when $5 then wanted.place end, candidate.rank
      limit $4
    )
    update task
    set state = 'running',
        attempt = attempt + 1,
        worker_id = $1,
        lease_id = gen_random_uuid(),
        started_at = clock_now(),
        start_by = null
    -- Not joined: the planner takes picked for large, and would read the whole table beside it.
    where id = any(array(select id from picked))
    returning id, lease_id, project, type, queue, payload, attempt, max_attempts, crash_count, retry, timeouts,
              (extract(epoch from close_by - clock_now()) * 1000)::float8 as close_in_ms,
              labels, created_at,
              (extract(epoch from clock_now() - queued_at) * 1000)::float8 as waited_ms`,
})

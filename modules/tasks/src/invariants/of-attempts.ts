import type { FailureName } from '../domain/failures.ts'
import { CRASH_REASONS, FINISHED_THE_TASK, type Queries, SLACK } from './tables-of-tasks.ts'

const WORKER_LOST: FailureName = 'WorkerLost'

/** The invariants of a task and the records of its attempts. Each violation reads "task <id> …". */
export const OF_ATTEMPTS: Queries = {
  'has a recorded attempt, but does not exist': `
    select task_id as id, outcome as detail from record where not exists (select from known where known.id = task_id)`,
  'has an attempt that ended before it began': `
    select task_id as id, 'attempt ' || attempt as detail from record where ended_at < started_at`,
  'shares a lease with another record': `
    select min(id::text) as id, lease_id as detail
    from (select id, lease_id from known union all select task_id, lease_id from record) as held
    where lease_id is not null
    group by lease_id
    having count(*) > 1`,
  // An accepted result finishes the task. Only a redrive allows another one, and moves the former attempt to a record.
  'had a result accepted twice': `
    select task_id as id, count(*) || ' former results, ' || coalesce(min(redrives), 0) || ' redrives' as detail
    from record left join redriven using (task_id)
    where outcome = 'succeeded'
    group by task_id
    having count(*) > coalesce(min(redrives), 0)`,
  'ended more often than it was redriven': `
    select task_id as id, count(*) || ' ends, ' || coalesce(min(redrives), 0) || ' redrives' as detail
    from record left join redriven using (task_id)
    where ${FINISHED_THE_TASK}
    group by task_id
    having count(*) > coalesce(min(redrives), 0)
       and count(*) filter (where outcome = 'succeeded') <= coalesce(min(redrives), 0)`,
  // A release, a snooze or a rescue uses no attempt (P12). A redrive counts from zero: a record from about the moment of the
  // redrive may belong to either side of it.
  'has an attempt count that differs from its records': `
    select id, (attempt - own) || ' used up before, ' || certain || ' recorded' as detail
    from (
      select known.id, known.attempt, (lease_id is not null)::integer as own, coalesce(certain, 0) as certain,
             coalesce(possible, 0) as possible
      from known left join used on used.task_id = known.id
    ) as counted
    where attempt - own not between certain and possible`,
  'has a crash count that differs from its records': `
    select id, crash_count || ' crashes, ' || certain || ' recorded' as detail
    from (
      select known.id, known.crash_count, coalesce(certain_crashes, 0) as certain, coalesce(possible_crashes, 0) as possible,
             -- The crash that finished a task is on the row of the task. The row does not show whether the last attempt of a
             -- cancelled task crashed.
             (is_finished and reason in ${CRASH_REASONS}) is true as is_own,
             (is_finished and lease_id is not null and (reason in ${CRASH_REASONS} or known.state = 'cancelled')) is true
               as may_be_own
      from known left join used on used.task_id = known.id
    ) as counted
    where crash_count not between certain + is_own::integer and possible + may_be_own::integer`,
  'has attempts whose numbers are not consecutive': `
    select task_id as id, 'attempt ' || attempt || ' where ' || expected || ' is next' as detail
    from (
      select task_id, attempt,
             coalesce(lag(attempt + is_used::integer) over (partition by task_id order by attempt, is_used), 1) as expected
      from record
      where not exists (select from redriven where redriven.task_id = record.task_id)
    ) as numbered
    where attempt <> expected`,
  'ran twice at the same time': `
    select task_id as id, 'attempt ' || attempt || ' began before the one before it ended' as detail
    from (
      select task_id, attempt, started_at, lag(ended_at) over (partition by task_id order by started_at, ended_at) as free_at
      from (
        select task_id, attempt, started_at, ended_at from record
        union all
        select id, attempt, started_at, coalesce(finished_at, 'infinity') from known
        where lease_id is not null and exists (select from record where task_id = id)
      ) as run
    ) as ordered
    where started_at < free_at - ${SLACK}`,
  // The rescuer takes tasks only from a worker that was marked lost or has stopped, and no such worker returns (P4).
  'was rescued from a worker that is active or draining': `
    select taken.id, worker_id as detail
    from (
      select task_id as id, worker_id from record where outcome = 'rescued' and failure = '${WORKER_LOST}'
      union all
      select id, worker_id from known where reason in ${CRASH_REASONS} and failure = '${WORKER_LOST}'
    ) as taken
    join worker on worker.id = worker_id
    where worker.state in ('active', 'draining')`,
}

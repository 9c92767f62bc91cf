/**
 * What must be true of a database at any moment between two statements, whatever was
 * done to it and whoever was killed meanwhile. Runs after every test of every kind.
 *
 * Each invariant is a query for what breaks it. Some of it the schema forbids as well:
 * asked here all the same, for a database whose constraints were lost or are new.
 */
import { CRASH_LIMIT, type Database } from '@taskflow/core'
import { statement } from '@taskflow/storage'

interface Offender {
  id: string
  detail: string | null
}

/** Sentences of the form "task <id> …", by the query that finds the offenders. */
const OF_TASKS: Readonly<Record<string, string>> = {
  'is both unfinished and finished': `
    select id, task.state || ' and ' || finished_task.state as detail from task join finished_task using (id)`,
  'is running without a lease, a worker or a start': `
    select id, null as detail from task
    where state = 'running' and (lease_id is null or worker_id is null or started_at is null)`,
  // Its heartbeat is what keeps the lease, and its end what has the task rescued.
  'runs on a worker that is unknown, or of another project': `
    select task.id, worker_id::text as detail
    from task left join worker on worker.id = worker_id
    where task.state = 'running' and worker_id is not null and worker.project is distinct from task.project`,
  'is held though it does not run': `
    select id, state as detail from task where state <> 'running' and (lease_id is not null or worker_id is not null)`,
  'is queued without the moment it was queued': `
    select id, null as detail from task where state = 'queued' and queued_at is null`,
  'is due at no moment': `
    select id, state as detail from task where state in ('scheduled', 'retrying') and run_at is null`,
  'came back though it was to be cancelled': `
    select id, state as detail from task where cancel_requested_at is not null and state <> 'running'`,
  'used more attempts than it has': `
    select id, attempt || ' of ' || max_attempts as detail from task where attempt > max_attempts
    union all
    select id, attempt || ' of ' || max_attempts from finished_task where attempt > max_attempts`,
  'was not quarantined after its crashes': `
    select id, crash_count || ' crashes' as detail from task where crash_count >= ${CRASH_LIMIT}`,
  'is in a state that its half does not have': `
    select id, state as detail from task where state in ('succeeded', 'failed', 'cancelled')
    union all
    select id, state from finished_task where state not in ('succeeded', 'failed', 'cancelled')`,
  'finished without an end': `
    select id, state as detail from finished_task where finished_at is null`,
  'ended before it began': `
    select id, null as detail from finished_task where finished_at < started_at
    union all
    select task_id, 'attempt ' || attempt from task_attempt where ended_at < started_at`,
  'succeeded without a result, or has one though it did not': `
    select id, state as detail from finished_task where (state = 'succeeded') <> (result is not null)`,
  'succeeded without having run': `
    select id, null as detail from finished_task
    where state = 'succeeded' and (lease_id is null or worker_id is null or started_at is null or attempt < 1)`,
  'failed without an error': `
    select id, null as detail from finished_task where state = 'failed' and error is null`,
  // An accepted result ends the task; only a redrive makes room for another, and puts the former into a row of its own.
  'had a result accepted twice': `
    select task_id as id, accepted || ' former results, ' || redriven || ' redrives' as detail
    from (
      select task_id, count(*) as accepted,
             (select count(*) from task_event
              where task_event.task_id = task_attempt.task_id and kind = 'task.redriven') as redriven
      from task_attempt
      where outcome = 'succeeded'
      group by task_id
    ) as counted
    where accepted > redriven`,
  'shares a lease with another record': `
    select min(id::text)::uuid as id, lease_id::text as detail
    from (
      select id, lease_id from task union all
      select id, lease_id from finished_task union all
      select task_id, lease_id from task_attempt
    ) as held
    where lease_id is not null
    group by lease_id
    having count(*) > 1`,
}

/** Of the form "leader <name> …". */
const OF_LEADERS: Readonly<Record<string, string>> = {
  'leads in no term': `
    select name as id, term::text as detail from leader where term < 1`,
  'was elected after its time was over': `
    select name as id, null as detail from leader where elected_at > expires_at`,
}

const queries = [
  ...Object.entries(OF_TASKS).map(([sentence, text]) => ({ sentence: (id: string) => `task ${id} ${sentence}`, text })),
  ...Object.entries(OF_LEADERS).map(([sentence, text]) => ({
    sentence: (name: string) => `leader ${name} ${sentence}`,
    text,
  })),
].map(({ sentence, text }, index) => ({
  sentence,
  query: statement<readonly [], Offender>({
    name: `testing_invariant_${index}`,
    columns: ['id', 'detail'],
    text,
  }),
}))

/** Resolves with one sentence for each violation; with none when all is well. */
export async function checkInvariants(db: Database): Promise<string[]> {
  const violations: string[] = []
  for (const { sentence, query } of queries) {
    for (const { id, detail } of await db.run(query, [])) {
      violations.push(`${sentence(id)}${detail === null ? '' : ` (${detail})`}`)
    }
  }
  return violations
}

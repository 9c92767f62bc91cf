import { CRASH_LIMIT, FINISHED_STATES } from '@taskflow/tasks'
import type { Queries } from './tables-of-tasks.ts'

const FINISHED = `('${FINISHED_STATES.join(`', '`)}')`

/** Violations of the form "task <id> …", which read only the row of the task. */
export const OF_TASKS: Queries = {
  'is both unfinished and finished': `
    select id, waiting.state || ' and ' || ended.state as detail
    from known as waiting join known as ended using (id)
    where not waiting.is_finished and ended.is_finished`,
  'is running without a lease, a worker or a start': `
    select id, null as detail from known
    where state = 'running' and (lease_id is null or worker_id is null or started_at is null)`,
  // The heartbeat of the worker keeps the lease, and the loss of the worker leads to the rescue of the task.
  'runs on a worker that is unknown, or of another project': `
    select known.id, worker_id as detail
    from known left join worker on worker.id = worker_id
    where known.state = 'running' and worker_id is not null and worker.project is distinct from known.project`,
  'is not running, but has a lease or worker': `
    select id, state as detail from known
    where not is_finished and state <> 'running' and (lease_id is not null or worker_id is not null)`,
  'is queued without the time at which it became queued': `
    select id, null as detail from known where state = 'queued' and queued_at is null`,
  'is scheduled or retrying without a due time': `
    select id, state as detail from known where state in ('scheduled', 'retrying') and run_at is null`,
  'waits although its cancellation was requested': `
    select id, state as detail from known
    where not is_finished and state <> 'running' and cancel_requested_at is not null`,
  'used more attempts than its maximum': `
    select id, attempt || ' of ' || max_attempts as detail from known where attempt > max_attempts`,
  'was not quarantined after too many crashes': `
    select id, crash_count || ' crashes' as detail from known
    where crash_count > ${CRASH_LIMIT} or (not is_finished and crash_count = ${CRASH_LIMIT})`,
  'is in a state that does not match its table': `
    select id, state as detail from known where is_finished <> (state in ${FINISHED})`,
  'finished without an end': `
    select id, state as detail from known where is_finished and finished_at is null`,
  'ended before it began': `
    select id, null as detail from known where finished_at < started_at`,
  'has a retention that ends before the task ended': `
    select id, null as detail from known where keep_until < finished_at`,
  'succeeded without a result, or has a result without success': `
    select id, state as detail from known where is_finished and (state = 'succeeded') <> has_result`,
  'succeeded without having run': `
    select id, null as detail from known
    where state = 'succeeded' and (lease_id is null or worker_id is null or started_at is null or attempt < 1)`,
  // A task that ended while it waited has none of the three; a task that a worker ended has all.
  'ended with an incomplete lease': `
    select id, state as detail from known
    where is_finished and state <> 'succeeded' and num_nulls(lease_id, worker_id, started_at) between 1 and 2`,
  'waits at a gate where claims find it, or is kept from claims at no gate': `
    select id, waiting_gate as detail from known where (waiting_gate is not null) <> is_set_aside`,
  'runs though it waits at a gate': `
    select id, waiting_gate as detail from known where state = 'running' and waiting_gate is not null`,
  'failed without an error': `
    select id, null as detail from known where state = 'failed' and not has_error`,
}

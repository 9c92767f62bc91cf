import { RECORDED_EVENT_KINDS } from '@taskflow/tasks'
import { type Queries, SLACK } from './tables-of-tasks.ts'

/** Requests to cancel that no redrive has taken back since. */
const STANDING = `
  (select task_id, at from event as request
   where kind = 'task.cancelRequested'
     and not exists (select from redriven where redriven.task_id = request.task_id and since >= request.at - ${SLACK})) as request`

/** Of the form "task <id> …", told from the log of what was out of the ordinary beside its row. */
export const OF_EVENTS: Queries = {
  'is nowhere, though an event of it is recorded': `
    select task_id as id, kind as detail from event where not exists (select from known where known.id = task_id)`,
  'has an event of an unknown kind': `
    select task_id as id, kind as detail from event where kind not in ('${RECORDED_EVENT_KINDS.join(`', '`)}')`,
  'has an event from before it was created': `
    select id, kind as detail from event join known on known.id = task_id where at < created_at - ${SLACK}`,
  'has an event from after it ended': `
    select id, kind as detail from event join known on known.id = task_id where at > finished_at + ${SLACK}`,
  'was asked to be cancelled more often than it lived': `
    select task_id as id, count(*) || ' times, ' || coalesce(min(redrives), 0) || ' redrives' as detail
    from event left join redriven using (task_id)
    where kind = 'task.cancelRequested'
    group by task_id
    having count(*) > 1 + coalesce(min(redrives), 0)`,
  // Row and event are written by one statement, and so at one moment.
  'is to be cancelled, and its log does not say so': `
    select id, state as detail from known
    where cancel_requested_at is not null and (not is_finished or keep_until > clock_now())
      and not exists (select from event where task_id = id and kind = 'task.cancelRequested' and at = cancel_requested_at)`,
  'was asked to be cancelled, and its row does not say so': `
    select id, state as detail from ${STANDING} join known on known.id = task_id
    where cancel_requested_at is distinct from at`,
  'was edited after it was to be cancelled': `
    select task_id as id, null as detail from ${STANDING} join event using (task_id)
    where kind = 'task.edited' and event.at > request.at + ${SLACK}`,
}

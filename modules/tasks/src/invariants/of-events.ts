import { RECORDED_EVENTS } from '@taskflow/tasks'
import { type Queries, SLACK } from './tables-of-tasks.ts'

const listed = (kinds: readonly string[]): string => kinds.map((kind) => `'${kind}'`).join(', ')

const KINDS = listed(Object.keys(RECORDED_EVENTS))
const KINDS_BEFORE_END = listed(
  Object.entries(RECORDED_EVENTS).flatMap(([kind, { mayFollowEnd }]) => (mayFollowEnd ? [] : [kind])),
)

/** Cancellation requests that no later redrive has withdrawn. */
const STANDING = `
  (select task_id, at from event as request
   where kind = 'task.cancelRequested'
     and not exists (select from redriven where redriven.task_id = request.task_id and since >= request.at - ${SLACK})) as request`

/** Violations of the form "task <id> …", which compare the row of a task with its recorded events. */
export const OF_EVENTS: Queries = {
  'has a recorded event, but does not exist': `
    select task_id as id, kind as detail from event where not exists (select from known where known.id = task_id)`,
  'has an event of an unknown kind': `
    select task_id as id, kind as detail from event where kind not in (${KINDS})`,
  'has an event from before it was created': `
    select id, kind as detail from event join known on known.id = task_id where at < created_at - ${SLACK}`,
  'has an event from after it ended': `
    select id, kind as detail from event join known on known.id = task_id
    where at > finished_at + ${SLACK} and kind in (${KINDS_BEFORE_END})`,
  'has more cancellation requests than lives': `
    select task_id as id, count(*) || ' times, ' || coalesce(min(redrives), 0) || ' redrives' as detail
    from event left join redriven using (task_id)
    where kind = 'task.cancelRequested'
    group by task_id
    having count(*) > 1 + coalesce(min(redrives), 0)`,
  // One statement writes both the row and the event, so both have the same time.
  'has a cancellation request without an event': `
    select id, state as detail from known
    where cancel_requested_at is not null and (not is_finished or keep_until > clock_now())
      and not exists (select from event where task_id = id and kind = 'task.cancelRequested' and at = cancel_requested_at)`,
  'has a cancellation event without a request on its row': `
    select id, state as detail from ${STANDING} join known on known.id = task_id
    where cancel_requested_at is distinct from at`,
  'was edited after its cancellation was requested': `
    select task_id as id, null as detail from ${STANDING} join event using (task_id)
    where kind = 'task.edited' and event.at > request.at + ${SLACK}`,
}

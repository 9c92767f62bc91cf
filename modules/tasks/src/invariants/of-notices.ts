import { FINISHED_STATES } from '@taskflow/tasks'
import type { Queries } from './tables-of-tasks.ts'

const KINDS = `('task.${FINISHED_STATES.join(`', 'task.`)}')`

const JOINED = 'task_notice as notice join known on known.id = notice.task_id'

/** Each key completes the sentence "notice <id> …". */
export const OF_NOTICES: Queries = {
  // The task is stored with its notice. Later, retention may have dropped the task before a consumer read the notice.
  'is about a task that is nowhere': `
    select id, task_id as detail from task_notice
    where task_id >= $1 and at > clock_now() - interval '1 hour'
      and not exists (select from known where known.id = task_id)`,
  'is about a task that is not linked': `
    select notice.id, task_id as detail from ${JOINED} where linked is not true`,
  'is about a task of another project': `
    select notice.id, task_id as detail from ${JOINED} where notice.project <> known.project`,
  // A redriven task lives again, with the notices of its earlier ends.
  'is about a task that has not ended': `
    select notice.id, task_id as detail from ${JOINED}
    where not is_finished and not exists (select from redriven where redriven.task_id = notice.task_id)`,
  'is of an unknown kind': `
    select id, kind as detail from task_notice where task_id >= $1 and kind not in ${KINDS}`,
}

import { statement } from '../statement.ts'

type Params = readonly [taskIds: string[], leaseIds: string[], details: string[]]

/** Only while the lease holds: a stale worker's progress is dropped. */
export const recordProgress = statement<Params, never>({
  name: 'record_progress',
  columns: [],
  text: `
    insert into task_event (task_id, project, at, kind, detail)
    select task.id, task.project, clock_now(), 'task.progressed', update.detail
    from unnest($1::uuid[], $2::uuid[], $3::json[]) as update (task_id, lease_id, detail)
    join task on task.id = update.task_id and task.lease_id = update.lease_id`,
})

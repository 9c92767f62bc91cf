import { statement } from '@taskflow/database'

export interface EventRow {
  kind: string
  at: Date
  actor: string | null
  detail: string
}

export const listEvents = statement<readonly [taskId: string], EventRow>({
  name: 'list_events',
  columns: ['kind', 'at', 'actor', 'detail'],
  text: `select kind, at, actor, detail from task_event where task_id = $1 order by at, id`,
})

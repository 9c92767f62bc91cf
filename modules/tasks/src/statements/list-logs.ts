import { statement } from '@taskflow/database'

export interface LogRow {
  id: string
  attempt: number
  at: Date
  level: string
  message: string
  fields: string | null
}

export const listLogs = statement<readonly [taskId: string, after: string | null, limit: number], LogRow>({
  name: 'list_logs',
  columns: ['id', 'attempt', 'at', 'level', 'message', 'fields'],
  text: `
    select id, attempt, at, level, message, fields
    from task_log
    where task_id = $1 and ($2::uuid is null or id > $2)
    order by id
    limit $3`,
})

import { sqlBeside, statement } from '@taskflow/database'

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
  text: sqlBeside(import.meta.url),
})

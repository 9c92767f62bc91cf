import { sqlBeside, statement } from '@taskflow/database'

export const findLastLog = statement<readonly [taskIds: string[]], { id: string }>({
  name: 'find_last_log',
  columns: ['id'],
  text: sqlBeside(import.meta.url),
})

import { sqlBeside, statement } from '@taskflow/database'

export const findFinishedTasks = statement<readonly [ids: readonly string[]], { id: string }>({
  name: 'find_finished_tasks',
  columns: ['id'],
  text: sqlBeside(import.meta.url),
})

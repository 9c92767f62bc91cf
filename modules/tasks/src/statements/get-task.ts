import { sqlBeside, statement } from '@taskflow/database'
import { TASK_COLUMNS, type TaskRow } from '../store/task-row.ts'

export const getTask = statement<readonly [id: string, project: string], TaskRow>({
  name: 'get_task',
  columns: TASK_COLUMNS,
  text: sqlBeside(import.meta.url),
})

import { sqlBeside, statement } from '@taskflow/database'
import { TASK_COLUMNS, type TaskRow } from '../store/task-row.ts'
import type { ListTasksParams } from './list-tasks.ts'

/**
 * The dead-letter queue and the cancelled tasks: list_tasks for these states alone, over the partial index that holds
 * nothing else. Planner rule "literal state".
 */
export const listUnsuccessfulTasks = statement<ListTasksParams, TaskRow>({
  name: 'list_unsuccessful_tasks',
  columns: TASK_COLUMNS,
  text: sqlBeside(import.meta.url),
})

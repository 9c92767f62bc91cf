import { sqlBeside, statement } from '@taskflow/database'
import { TASK_COLUMNS, type TaskRow } from '../store/task-row.ts'

export type ListTasksParams = readonly [
  project: string,
  limit: number,
  before: string | null,
  notBefore: string | null,
  states: readonly string[] | null,
  queue: string | null,
  type: string | null,
  priority: number | null,
  labels: string | null,
  createdBy: string | null,
  search: string | null,
]

/**
 * Newest first, without payloads and results. Each half is walked by id and left as soon as it has a page; the two pages are merged. Over a view of
 * both halves the planner would read everything and sort it.
 */
export const listTasks = statement<ListTasksParams, TaskRow>({
  name: 'list_tasks',
  columns: TASK_COLUMNS,
  text: sqlBeside(import.meta.url),
})

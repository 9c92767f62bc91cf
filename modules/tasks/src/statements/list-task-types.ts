import { sqlBeside, statement } from '@taskflow/database'

export interface TaskTypeRow {
  type: string
  queue: string | null
  priority: number | null
  max_attempts: number | null
  retry: string | null
  timeouts: string | null
  input_schema: string | null
}

/** Casts JSON to text, because the driver of a caller's own connection may parse `json`. */
export const listTaskTypes = statement<readonly [project: string], TaskTypeRow>({
  name: 'list_task_types',
  columns: ['type', 'queue', 'priority', 'max_attempts', 'retry', 'timeouts', 'input_schema'],
  text: sqlBeside(import.meta.url),
})

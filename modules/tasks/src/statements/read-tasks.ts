import { sqlBeside, statement } from '@taskflow/database'
import { TASK_COLUMNS, type TaskRow } from '../store/task-row.ts'

type Params = readonly [ids: readonly string[], withPayload: boolean, withResult: boolean, maxBytes: number]

interface Row extends TaskRow {
  fits: boolean
}

/** Whole tasks in the order of their ids in the list, except those that no longer exist. */
export const readTasks = statement<Params, Row>({
  name: 'read_tasks',
  columns: [...TASK_COLUMNS, 'fits'],
  text: sqlBeside(import.meta.url),
})

import { sqlBeside, statement } from '@taskflow/database'

interface Row {
  project: string
  queue: string
  type: string
  priority: number
  tasks: number
}

/** On no lane: it takes a while where many tasks wait, and promotion must not wait behind it. */
export const countQueuedTasks = statement<readonly [settledForMs: number], Row>({
  name: 'count_queued_tasks',
  columns: ['project', 'queue', 'type', 'priority', 'tasks'],
  text: sqlBeside(import.meta.url),
})

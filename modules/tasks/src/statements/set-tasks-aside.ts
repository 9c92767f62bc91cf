import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [project: string, gate: string, queue: string, type: string | null, limit: number]

/** Moves queued tasks of a queue, or of one type of it, to a gate; none where the gate is open. */
export const setTasksAside = statement<Params, { id: string }>({
  name: 'set_tasks_aside',
  columns: ['id'],
  text: sqlBeside(import.meta.url),
})

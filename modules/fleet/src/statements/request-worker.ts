import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [project: string, id: string, request: string | null]

/**
 * Applies cordon, drain and uncordon (which asks nothing any more) to a worker that lives, and tells it.
 * No row: it was declared dead, has said goodbye, or never was.
 */
export const requestWorker = statement<Params, { id: string }>({
  name: 'request_worker',
  columns: ['id'],
  notifies: ['asked'],
  text: sqlBeside(import.meta.url),
})

import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [project: string, id: string, request: string | null]

/**
 * Sets the request of an active or draining worker and notifies the worker; null withdraws the request (uncordon).
 * Returns no row when the worker is lost, stopped or unknown.
 */
export const requestWorker = statement<Params, { id: string }>({
  name: 'request_worker',
  columns: ['id'],
  notifies: ['asked'],
  text: sqlBeside(import.meta.url),
})

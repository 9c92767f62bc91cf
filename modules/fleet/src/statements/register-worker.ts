import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [
  id: string,
  project: string,
  name: string,
  host: string,
  pid: number,
  version: string,
  labels: string,
  queues: readonly string[],
  types: readonly string[],
  slots: number,
  replaces: string | null,
]

/** Stores a new worker, with the request of the worker that it replaces. Does nothing when the id is known. */
export const registerWorker = statement<Params, never>({
  name: 'register_worker',
  lane: 'heartbeat',
  columns: [],
  text: sqlBeside(import.meta.url),
})

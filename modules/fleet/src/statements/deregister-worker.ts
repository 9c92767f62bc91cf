import { sqlBeside, statement } from '@taskflow/database'

/** Marks the worker stopped, unless it is lost. */
export const deregisterWorker = statement<readonly [id: string], never>({
  name: 'deregister_worker',
  lane: 'heartbeat',
  columns: [],
  text: sqlBeside(import.meta.url),
})

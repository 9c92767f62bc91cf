import { sqlBeside, statement } from '@taskflow/database'

export const deregisterWorker = statement<readonly [id: string], never>({
  name: 'deregister_worker',
  lane: 'heartbeat',
  columns: [],
  text: sqlBeside(import.meta.url),
})

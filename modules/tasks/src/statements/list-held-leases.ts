import { sqlBeside, statement } from '@taskflow/database'

/** What a worker holds in the eyes of the others. */
export const listHeldLeases = statement<readonly [workerId: string], { id: string; lease_id: string }>({
  name: 'list_held_leases',
  columns: ['id', 'lease_id'],
  text: sqlBeside(import.meta.url),
})

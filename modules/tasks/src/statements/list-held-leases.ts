import { sqlBeside, statement } from '@taskflow/database'

/** Lists the leases that a worker holds according to the database. */
export const listHeldLeases = statement<readonly [workerId: string], { id: string; lease_id: string }>({
  name: 'list_held_leases',
  columns: ['id', 'lease_id'],
  text: sqlBeside(import.meta.url),
})

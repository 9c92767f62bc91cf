import { statement } from '@taskflow/database'

/** The tables whose rows change; partitions of finished tasks are written once. */
export const vacuumTables = statement<readonly [], never>({
  name: 'vacuum_tables',
  columns: [],
  text: `vacuum (analyze) task, worker, queue_count, queue_minute`,
})

import { sqlBeside, statement } from '@taskflow/database'

/** The tables whose rows change; partitions of finished tasks are written once. */
export const vacuumTables = statement<readonly [], never>({
  name: 'vacuum_tables',
  columns: [],
  text: sqlBeside(import.meta.url),
})

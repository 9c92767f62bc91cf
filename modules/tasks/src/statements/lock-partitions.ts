import { sqlBeside, statement } from '@taskflow/database'

/** The lock of add_partition_day and drop_partition_day, for what must not meet them; it goes with the transaction. */
export const lockPartitions = statement<readonly [], { locked: string }>({
  name: 'lock_partitions',
  columns: ['locked'],
  text: sqlBeside(import.meta.url),
})

import { sqlBeside, statement } from '@taskflow/database'

/** Takes the lock of add_partition_day and drop_partition_day, for work that must not overlap them, until the commit. */
export const lockPartitions = statement<readonly [], { locked: string }>({
  name: 'lock_partitions',
  columns: ['locked'],
  text: sqlBeside(import.meta.url),
})

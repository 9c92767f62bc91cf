import { statement } from '@taskflow/database'

/** The lock of add_partition_day and drop_partition_day, for what must not meet them; it goes with the transaction. */
export const lockPartitions = statement<readonly [], never>({
  name: 'lock_partitions',
  columns: [],
  text: `select pg_advisory_xact_lock(hashtext('taskflow partitions')) as announced`,
})

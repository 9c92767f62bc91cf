import { sqlBeside, statement } from '@taskflow/database'

/** Makes the partitions of a day, counted from today: 0 is today. */
export const addPartitionDay = statement<readonly [daysAhead: number, retentionMs: number], { added: string }>({
  name: 'add_partition_day',
  columns: ['added'],
  text: sqlBeside(import.meta.url),
})

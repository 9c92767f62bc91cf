import { sqlBeside, statement } from '@taskflow/database'

export const dropPartitionDay = statement<readonly [retentionMs: number], { day: string | null }>({
  name: 'drop_partition_day',
  columns: ['day'],
  text: sqlBeside(import.meta.url),
})

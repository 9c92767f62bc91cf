import { statement } from '@taskflow/database'

export const dropPartitionDay = statement<readonly [retentionMs: number], { day: string | null }>({
  name: 'drop_partition_day',
  columns: ['day'],
  text: `select drop_partition_day(clock_now() - $1::bigint * interval '1 ms') as day`,
})

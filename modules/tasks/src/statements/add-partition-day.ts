import { statement } from '@taskflow/database'

/** Counted in days from today: 0 is today. */
export const addPartitionDay = statement<readonly [daysAhead: number, retentionMs: number], never>({
  name: 'add_partition_day',
  columns: [],
  text: `select add_partition_day((clock_now() at time zone 'UTC')::date + $1::integer, $2::bigint) as announced`,
})

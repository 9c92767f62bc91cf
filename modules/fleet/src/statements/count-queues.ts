import { sqlBeside, statement } from '@taskflow/database'

/**
 * Counts every queue that has, had or settled tasks, so that an emptied one reads zero, and tells how many counts are
 * new. Only these are written, and each at least twice a minute: on a system at rest a row a second would be
 * a dead row a second.
 */
export const countQueues = statement<readonly [], { changed: number }>({
  name: 'count_queues',
  columns: ['changed'],
  text: sqlBeside(import.meta.url),
})

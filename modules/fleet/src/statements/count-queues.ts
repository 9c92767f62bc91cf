import { sqlBeside, statement } from '@taskflow/database'

/**
 * Counts the tasks of every known queue, also of an empty one, and returns how many counts changed. Writes a count only
 * when it changed or is 30 s old: one write a second would leave one dead row a second on an idle system.
 */
export const countQueues = statement<readonly [], { changed: number }>({
  name: 'count_queues',
  columns: ['changed'],
  text: sqlBeside(import.meta.url),
})

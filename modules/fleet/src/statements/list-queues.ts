import { sqlBeside, statement } from '@taskflow/database'

export interface QueueRow {
  queue: string
  depth: Record<string, number>
  oldest_queued_ms: number | null
  succeeded: number
  failed: number
  cancelled: number
  counted_at: Date
}

/** Lists one queue when `only` is given, and otherwise a page by name. */
export const listQueues = statement<
  readonly [project: string, limit: number, after: string | null, only: string | null],
  QueueRow
>({
  name: 'list_queues',
  columns: ['queue', 'depth', 'oldest_queued_ms', 'succeeded', 'failed', 'cancelled', 'counted_at'],
  text: sqlBeside(import.meta.url),
})

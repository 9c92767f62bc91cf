import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [
  project: string,
  queue: string,
  type: string,
  priority: number,
  limit: number,
  afterRankMs: number | null,
  afterId: string | null,
]

interface Row {
  id: string
  rank_ms: number
}

/** Smallest rank first. Milliseconds of the epoch, with their fractions, represent the rank exactly. */
export const listQueuedTasks = statement<Params, Row>({
  name: 'list_queued_tasks',
  columns: ['id', 'rank_ms'],
  text: sqlBeside(import.meta.url),
})

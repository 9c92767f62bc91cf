import { statement } from '@taskflow/database'

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

/** Smallest rank first. Milliseconds of the epoch, with their fractions, give back the very rank. */
export const listQueuedTasks = statement<Params, Row>({
  name: 'list_queued_tasks',
  columns: ['id', 'rank_ms'],
  text: `
    select id, (extract(epoch from rank) * 1000)::float8 as rank_ms
    from task
    where state = 'queued'
      and project = $1
      and queue = $2
      and type = $3
      and priority = $4
      and ($6::float8 is null or (rank, id) > (
        'epoch'::timestamptz + round($6::float8 * 1000) * interval '1 microsecond', $7::uuid))
    order by rank, id
    limit $5`,
})

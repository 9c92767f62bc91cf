import { sqlBeside, statement } from '@taskflow/database'

export interface EventRow {
  id: string
  kind: string
  at: Date
  actor: string | null
  detail: string
  /** Microseconds of the epoch, which represent the time exactly. */
  at_us: number
}

type Params = readonly [taskId: string, afterUs: number | null, afterId: string | null, limit: number]

export const listEvents = statement<Params, EventRow>({
  name: 'list_events',
  columns: ['id', 'kind', 'at', 'actor', 'detail', 'at_us'],
  text: sqlBeside(import.meta.url),
})

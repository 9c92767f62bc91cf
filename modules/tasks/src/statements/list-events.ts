import { sqlBeside, statement } from '@taskflow/database'

export interface EventRow {
  kind: string
  at: Date
  actor: string | null
  detail: string
}

export const listEvents = statement<readonly [taskId: string], EventRow>({
  name: 'list_events',
  columns: ['kind', 'at', 'actor', 'detail'],
  text: sqlBeside(import.meta.url),
})

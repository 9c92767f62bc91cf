import { sqlBeside, statement } from '@taskflow/database'

/** Only those that have not given a sign of life since they were looked at. */
export const markWorkersLost = statement<readonly [ids: string[], heartbeatAts: Date[]], { id: string }>({
  name: 'mark_workers_lost',
  lane: 'duty',
  columns: ['id'],
  text: sqlBeside(import.meta.url),
})

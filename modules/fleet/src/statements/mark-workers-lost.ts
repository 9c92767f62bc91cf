import { sqlBeside, statement } from '@taskflow/database'

/** Marks those workers lost that have sent no heartbeat since the given one. */
export const markWorkersLost = statement<readonly [ids: string[], heartbeatAts: Date[]], { id: string }>({
  name: 'mark_workers_lost',
  lane: 'duty',
  columns: ['id'],
  text: sqlBeside(import.meta.url),
})

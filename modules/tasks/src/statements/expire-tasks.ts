import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [
  from: readonly string[],
  limit: number,
  startError: string,
  closeError: string,
  defaultRetentionMs: number,
]

/** Fails tasks whose schedule-to-start or schedule-to-close is over; running ones are their worker's to end. */
export const expireTasks = statement<Params, { expired: number }>({
  name: 'expire_tasks',
  lane: 'duty',
  columns: ['expired'],
  notifies: ['finished'],
  text: sqlBeside(import.meta.url),
})

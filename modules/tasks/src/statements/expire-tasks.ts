import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [
  from: readonly string[],
  limit: number,
  startError: string,
  closeError: string,
  defaultRetentionMs: number,
  consumers: readonly string[],
]

/** Fails tasks whose schedule-to-start or schedule-to-close is over; the worker of a running task ends it. */
export const expireTasks = statement<Params, { expired: number }>({
  name: 'expire_tasks',
  lane: 'duty',
  columns: ['expired'],
  notifies: ['finished'],
  text: sqlBeside(import.meta.url),
})

import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [
  id: string,
  project: string,
  from: readonly string[],
  actor: string,
  reason: string | null,
  error: string,
  defaultRetentionMs: number,
  consumers: readonly string[],
]

/** Finishes a waiting task at once; marks a running one and notifies its worker. No row: nothing to cancel. */
export const cancelTask = statement<Params, { id: string; state: string; is_new: boolean }>({
  name: 'cancel_task',
  columns: ['id', 'state', 'is_new'],
  notifies: ['asked', 'finished'],
  text: sqlBeside(import.meta.url),
})

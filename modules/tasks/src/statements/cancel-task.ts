import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [
  id: string,
  project: string,
  from: readonly string[],
  actor: string,
  reason: string | null,
  error: string,
  defaultRetentionMs: number,
]

/** A task that waits is finished here and now; a running one is marked, and its worker told. No row: nothing to cancel. */
export const cancelTask = statement<Params, { id: string; state: string }>({
  name: 'cancel_task',
  columns: ['id', 'state'],
  notifies: ['asked', 'finished'],
  text: sqlBeside(import.meta.url),
})

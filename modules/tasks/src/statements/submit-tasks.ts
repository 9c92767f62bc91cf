import type { ArrayText } from '@taskflow/database'
import { sqlBeside, statement } from '@taskflow/database'

/**
 * The nth elements of the first three together are one task; `kinds` says which of the kinds (from 1) it is of, of whose columns the
 * nth elements together are one. Tasks that come together are mostly alike, so what they have in common
 * travels, and is read, once. Shared by both ways to submit.
 */
export type SubmitColumns = readonly [
  ids: ArrayText<string>,
  payloads: ArrayText<string>,
  kinds: ArrayText<number>,
  projects: ArrayText<string>,
  types: ArrayText<string>,
  queues: ArrayText<string>,
  priorities: ArrayText<number>,
  headStartsMs: ArrayText<number>,
  runAts: ArrayText<Date | null>,
  delaysMs: ArrayText<number | null>,
  maxAttempts: ArrayText<number>,
  retries: ArrayText<string | null>,
  timeouts: ArrayText<string | null>,
  scheduleToStartsMs: ArrayText<number | null>,
  scheduleToClosesMs: ArrayText<number | null>,
  retentionsMs: ArrayText<number | null>,
  labels: ArrayText<string | null>,
  titles: ArrayText<string | null>,
  descriptions: ArrayText<string | null>,
  createdBys: ArrayText<string>,
]

export const submitTasks = statement<SubmitColumns, { created_at: Date }>({
  name: 'submit_tasks',
  lane: 'submit',
  columns: ['created_at'],
  notifies: ['ready', 'due'],
  text: sqlBeside(import.meta.url),
})

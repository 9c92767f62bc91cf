import type { ArrayText } from '@taskflow/database'
import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [
  ids: ArrayText<string>,
  payloads: ArrayText<string>,
  project: string,
  type: string,
  queue: string,
  priority: number,
  headStartMs: number,
  runAt: Date | null,
  delayMs: number | null,
  maxAttempts: number,
  retry: string | null,
  timeouts: string | null,
  scheduleToStartMs: number | null,
  scheduleToCloseMs: number | null,
  retentionMs: number | null,
  labels: string | null,
  title: string | null,
  description: string | null,
  createdBy: string,
]

/** Stores what submit_tasks would, where all tasks are of one kind, as they mostly are: at four fifths of its cost. */
export const submitAlikeTasks = statement<Params, { created_at: Date }>({
  name: 'submit_alike_tasks',
  lane: 'submit',
  columns: ['created_at'],
  notifies: ['ready', 'due'],
  text: sqlBeside(import.meta.url),
})

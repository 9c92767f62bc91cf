import type { ArrayText } from '@taskflow/database'
import { sqlBeside, statement } from '@taskflow/database'
import type { SubmitColumns } from './submit-tasks.ts'

/** `keys` has one element for each submission; `submissions` gives, for each task, the number of its submission, from 1. */
export type SubmitOnceParams = readonly [
  ...SubmitColumns,
  submissions: ArrayText<number>,
  keyProjects: ArrayText<string>,
  keys: ArrayText<string>,
  requestHashes: ArrayText<string>,
  /** JSON, or null. */
  changes: ArrayText<string | null>,
]

interface Row {
  project: string
  key: string
  created_at: Date
}

/**
 * Stores the tasks of those submissions whose key is new, and returns these keys.
 *
 * The key's row and the tasks commit together. A concurrent submission with the
 * same key waits on the unique index for the first to commit, and then stores nothing.
 */
export const submitTasksOnce = statement<SubmitOnceParams, Row>({
  name: 'submit_tasks_once',
  lane: 'submit',
  columns: ['project', 'key', 'created_at'],
  tellsTime: 'created_at',
  notifies: ['ready', 'due'],
  text: sqlBeside(import.meta.url),
})

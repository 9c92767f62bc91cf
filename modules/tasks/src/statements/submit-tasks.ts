import type { ArrayText } from '@taskflow/database'
import { sqlBeside, statement } from '@taskflow/database'
import type { TemplateColumns } from '../store/task-templates.ts'

/**
 * The nth elements of the first three parameters make one task; `templates` gives the number, from 1, of the template
 * that the task is made from. The nth elements of the other parameters make one template. Tasks that come together
 * mostly share a template, so their common part travels, and is read, once. Used by both statements that submit.
 */
export type SubmitColumns = readonly [
  ids: ArrayText<string>,
  payloads: ArrayText<string>,
  templates: ArrayText<number>,
  ...columns: TemplateColumns,
]

export const submitTasks = statement<SubmitColumns, { created_at: Date }>({
  name: 'submit_tasks',
  lane: 'submit',
  columns: ['created_at'],
  tellsTime: 'created_at',
  notifies: ['ready', 'due'],
  text: sqlBeside(import.meta.url),
})

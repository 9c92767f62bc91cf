import type { ArrayText } from '@taskflow/database'
import { sqlBeside, statement } from '@taskflow/database'
import type { TemplateValues } from '../store/task-templates.ts'

type Params = readonly [ids: ArrayText<string>, payloads: ArrayText<string>, ...template: TemplateValues]

/**
 * Stores what submit_tasks would, where all tasks share one template that uses no port, as they mostly do: at four
 * fifths of its cost. Its columns `options`, `linked` and `waiting_gate` stay null.
 */
export const submitAlikeTasks = statement<Params, { created_at: Date }>({
  name: 'submit_alike_tasks',
  lane: 'submit',
  columns: ['created_at'],
  tellsTime: 'created_at',
  notifies: ['ready', 'due'],
  text: sqlBeside(import.meta.url),
})

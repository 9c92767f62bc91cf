import { type ArrayText, plainArray, textArray } from '@taskflow/database'
import { HEAD_START_MS } from '../domain/priority.ts'
import type { NewTask } from '../domain/task.ts'
import { jsonOrNull, priorityNumber } from './task-row.ts'

/**
 * Tasks that are stored together mostly share a template: they are alike except for id and payload. The template
 * travels, and is read, once.
 */

type Cell = string | number | Date | null

interface Column<Value extends Cell = Cell> {
  /** Text needs quotes in an array; numbers, moments and booleans do not. */
  readonly isText: boolean
  readonly of: (template: NewTask) => Value
}

const text = <Value extends string | null>(of: (template: NewTask) => Value): Column<Value> => ({ isText: true, of })
const plain = <Value extends Cell>(of: (template: NewTask) => Value): Column<Value> => ({ isText: false, of })

/** The columns of every template, in the order of the statements' parameters. */
const COLUMNS = [
  text(({ project }) => project),
  text(({ type }) => type),
  text(({ queue }) => queue),
  plain(({ priority }) => priorityNumber(priority)),
  plain(({ priority }): number => HEAD_START_MS[priority]),
  plain(({ runAt }) => runAt),
  plain(({ delayMs }) => delayMs),
  plain(({ maxAttempts }) => maxAttempts),
  text(({ retry }) => jsonOrNull(retry)),
  text(({ timeouts }) => jsonOrNull(timeouts)),
  plain(({ timeouts }) => timeouts?.scheduleToStartMs ?? null),
  plain(({ timeouts }) => timeouts?.scheduleToCloseMs ?? null),
  plain(({ retentionMs }) => retentionMs),
  text(({ labels }) => jsonOrNull(labels)),
  text(({ title }) => title),
  text(({ description }) => description),
  text(({ createdBy }) => createdBy),
] as const

/** The columns that only a template with a port or an option has; submit_alike_tasks does not take them. */
const PORT_COLUMNS = [
  text(({ options }) => jsonOrNull(options)),
  plain(({ linked }) => (linked ? 'true' : null)),
  text(({ waitingGate }) => waitingGate),
] as const

const ALL_COLUMNS = [...COLUMNS, ...PORT_COLUMNS] as const

type ValuesOf<Columns extends readonly Column[]> = {
  readonly [Index in keyof Columns]: ReturnType<Columns[Index]['of']>
}

export type TemplateValues = ValuesOf<typeof COLUMNS>

type ArraysOf<Values extends readonly unknown[]> = { readonly [Index in keyof Values]: ArrayText<Values[Index]> }

export type TemplateColumns = ArraysOf<ValuesOf<typeof ALL_COLUMNS>>

/** Whether submit_alike_tasks can store tasks of the template. */
export const isPlain = ({ options, linked, waitingGate }: NewTask): boolean =>
  options === null && !linked && waitingGate === null

/** One template, one value a column. */
export const templateValues = (template: NewTask): TemplateValues =>
  COLUMNS.map(({ of }) => of(template)) as unknown as TemplateValues

/** Several templates, one array a column. */
export const templateColumns = (templates: readonly NewTask[]): TemplateColumns =>
  ALL_COLUMNS.map(({ isText, of }: Column) => {
    const values = templates.map(of)
    return isText ? textArray(values as (string | null)[]) : plainArray(values)
  }) as unknown as TemplateColumns

// Enough for a few types that come in turns. One that is missed makes one more template, and nothing else.
const REMEMBERED_TEMPLATES = 8

/** The templates of the tasks, and for each task the number of its template, from 1. */
export function templatesOf(tasks: readonly NewTask[]): { templates: NewTask[]; numbers: number[] } {
  const templates: NewTask[] = []
  const numbers = tasks.map((task) => {
    const oldest = Math.max(0, templates.length - REMEMBERED_TEMPLATES)
    for (let index = templates.length - 1; index >= oldest; index--)
      if (isAlike(templates[index] as NewTask, task)) return index + 1
    return templates.push(task)
  })
  return { templates, numbers }
}

/**
 * Whether two tasks share a template: every field but id and payload is the same. Values that are created for each
 * task (a moment, labels) are compared by identity, so only their absence is found alike. Written out, since a loop over
 * the columns would cost each task more than this does.
 */
function isAlike(a: NewTask, b: NewTask): boolean {
  return (
    a.type === b.type &&
    a.queue === b.queue &&
    a.priority === b.priority &&
    a.project === b.project &&
    a.createdBy === b.createdBy &&
    a.maxAttempts === b.maxAttempts &&
    a.runAt === b.runAt &&
    a.delayMs === b.delayMs &&
    a.retry === b.retry &&
    a.timeouts === b.timeouts &&
    a.retentionMs === b.retentionMs &&
    a.labels === b.labels &&
    a.title === b.title &&
    a.description === b.description &&
    a.options === b.options &&
    a.linked === b.linked &&
    a.waitingGate === b.waitingGate
  )
}

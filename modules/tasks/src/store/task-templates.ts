import { plainArray, textArray } from '@taskflow/database'
import { HEAD_START_MS } from '../domain/priority.ts'
import type { NewTask } from '../domain/task.ts'
import { jsonOrNull, priorityNumber } from './task-row.ts'

/**
 * Tasks that are stored together are mostly of one kind: alike but for id and payload. What a kind has in common
 * travels, and is read, once.
 */

/** What all tasks of a kind have, in the order of the statements' columns. */
export function kindValues(kind: NewTask) {
  return [
    kind.project,
    kind.type,
    kind.queue,
    priorityNumber(kind.priority),
    HEAD_START_MS[kind.priority],
    kind.runAt,
    kind.delayMs,
    kind.maxAttempts,
    jsonOrNull(kind.retry),
    jsonOrNull(kind.timeouts),
    kind.timeouts?.scheduleToStartMs ?? null,
    kind.timeouts?.scheduleToCloseMs ?? null,
    kind.retentionMs,
    jsonOrNull(kind.labels),
    kind.title,
    kind.description,
    kind.createdBy,
  ] as const
}

/** The same of several kinds, one array a column. */
export function kindColumns(kinds: readonly NewTask[]) {
  const values = kinds.map(kindValues)
  return [
    textArray(values.map((each) => each[0])),
    textArray(values.map((each) => each[1])),
    textArray(values.map((each) => each[2])),
    plainArray(values.map((each) => each[3])),
    plainArray(values.map((each) => each[4])),
    plainArray(values.map((each) => each[5])),
    plainArray(values.map((each) => each[6])),
    plainArray(values.map((each) => each[7])),
    textArray(values.map((each) => each[8])),
    textArray(values.map((each) => each[9])),
    plainArray(values.map((each) => each[10])),
    plainArray(values.map((each) => each[11])),
    plainArray(values.map((each) => each[12])),
    textArray(values.map((each) => each[13])),
    textArray(values.map((each) => each[14])),
    textArray(values.map((each) => each[15])),
    textArray(values.map((each) => each[16])),
  ] as const
}

// Enough for a few types that come in turns. One that is missed is one kind more, and nothing else.
const REMEMBERED_KINDS = 8

/** The kinds of the tasks, and of each task the number of its own, from 1. */
export function kindsOf(tasks: readonly NewTask[]): { kinds: NewTask[]; numbers: number[] } {
  const kinds: NewTask[] = []
  const numbers = tasks.map((task) => {
    const oldest = Math.max(0, kinds.length - REMEMBERED_KINDS)
    for (let index = kinds.length - 1; index >= oldest; index--)
      if (isAlike(kinds[index] as NewTask, task)) return index + 1
    return kinds.push(task)
  })
  return { kinds, numbers }
}

/** But for id and payload. Of what is made anew for each task (a moment, labels) only the absence is compared. */
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
    a.description === b.description
  )
}

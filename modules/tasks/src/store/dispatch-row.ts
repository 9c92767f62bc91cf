import type { Dispatch } from '../dispatch/broker.ts'
import type { TaskId } from '../domain/task.ts'
import { toPriority } from './task-row.ts'

/** A queued task as a statement that queued it returns it. */
export interface DispatchRow {
  id: string
  project: string
  queue: string
  type: string
  priority: number
  /** Milliseconds of the epoch, with their fractions. */
  rank_ms: number
}

/** `rank_ms` is null where the statement did not make the task claimable. */
export type MaybeDispatchRow = Omit<DispatchRow, 'rank_ms'> & { rank_ms: number | null }

export const DISPATCH_COLUMNS = [
  'id',
  'project',
  'queue',
  'type',
  'priority',
  'rank_ms',
] as const satisfies readonly (keyof DispatchRow)[]

export function toDispatch({ id, project, queue, type, priority, rank_ms: rankMs }: DispatchRow): Dispatch {
  return { project, queue, type, priority: toPriority(priority), taskId: id as TaskId, rankMs }
}

/** Dispatches of the rows that became claimable. */
export function dispatchesOf(rows: readonly MaybeDispatchRow[]): Dispatch[] {
  return rows.flatMap((row) => (row.rank_ms === null ? [] : [toDispatch({ ...row, rank_ms: row.rank_ms })]))
}

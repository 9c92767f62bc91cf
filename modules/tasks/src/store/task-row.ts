import { HEAD_START_MS, PRIORITIES, type Priority } from '../domain/priority.ts'
import type { RetryPolicy } from '../domain/retry-policy.ts'
import type { Progress, Task, TaskFailure, TaskId, Timeouts, WorkerId } from '../domain/task.ts'
import type { TaskOptions } from '../domain/task-options.ts'
import type { TaskState } from '../domain/task-state.ts'

/** A task, unfinished or finished, as statements that read whole tasks return it. `json` columns are text, `jsonb` ones are parsed. */
export interface TaskRow {
  id: string
  project: string
  type: string
  queue: string
  state: string
  priority: number
  run_at: Date | null
  payload: string
  attempt: number
  max_attempts: number
  crash_count: number
  retry: string | null
  timeouts: string | null
  retention_ms: number | null
  labels: Record<string, string> | null
  title: string | null
  description: string | null
  options: TaskOptions | null
  created_at: Date
  created_by: string
  queued_at: Date | null
  started_at: Date | null
  finished_at: Date | null
  worker_id: string | null
  lease_id: string | null
  cancel_requested_at: Date | null
  result: string | null
  error: string | null
  version: string
  progress: string | null
  progress_at: Date | null
}

/** The columns that every statement that reads whole tasks returns. */
export const TASK_COLUMNS = [
  'id',
  'project',
  'type',
  'queue',
  'state',
  'priority',
  'run_at',
  'payload',
  'attempt',
  'max_attempts',
  'crash_count',
  'retry',
  'timeouts',
  'retention_ms',
  'labels',
  'title',
  'description',
  'options',
  'created_at',
  'created_by',
  'queued_at',
  'started_at',
  'finished_at',
  'worker_id',
  'lease_id',
  'cancel_requested_at',
  'result',
  'error',
  'version',
  'progress',
  'progress_at',
] as const satisfies readonly (keyof TaskRow)[]

/** The one place where a row becomes a task; snake_case stops here. */
export function toTask(row: TaskRow): Task {
  return {
    id: row.id as TaskId,
    project: row.project,
    type: row.type,
    queue: row.queue,
    state: row.state as TaskState,
    priority: toPriority(row.priority),
    payload: row.payload,
    result: row.result,
    error: parseJson<TaskFailure>(row.error),
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    crashCount: row.crash_count,
    retry: parseJson<RetryPolicy>(row.retry),
    timeouts: parseJson<Timeouts>(row.timeouts),
    retentionMs: row.retention_ms,
    labels: row.labels ?? {},
    title: row.title,
    description: row.description,
    options: row.options,
    runAt: row.run_at,
    createdAt: row.created_at,
    createdBy: row.created_by,
    queuedAt: row.queued_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    cancelRequestedAt: row.cancel_requested_at,
    workerId: row.worker_id as WorkerId | null,
    progress: toProgress(row),
    version: row.version,
  }
}

function toProgress({ progress, progress_at: at }: TaskRow): Progress | null {
  if (progress === null || at === null) return null
  return { ...(JSON.parse(progress) as { percent: number; message?: string }), at }
}

export function toPriority(number: number): Priority {
  const priority = PRIORITIES[number]
  if (priority === undefined) throw new TypeError(`Unknown priority ${number} in the database`)
  return priority
}

export const priorityNumber = (priority: Priority): number => PRIORITIES.indexOf(priority)

/** Head starts by priority number, for the statements that compute a rank. */
export const HEAD_STARTS_MS: readonly number[] = PRIORITIES.map((priority) => HEAD_START_MS[priority])

export function parseJson<Value>(text: string | null): Value | null {
  return text === null ? null : (JSON.parse(text) as Value)
}

/** JSON text of a value, for a column that is null without one. */
export function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value)
}

import { iso } from '@taskflow/kernel'
import type { Priority } from './priority.ts'
import type { RetryPolicy } from './retry-policy.ts'
import type { Task, TaskFailure, Timeouts } from './task.ts'
import { optionsView, type TaskOptionsView } from './task-options.ts'
import type { TaskState } from './task-state.ts'

/** A task as JSON. Times are ISO 8601 in UTC. */
export interface TaskView extends TaskOptionsView {
  readonly id: string
  readonly project: string
  readonly type: string
  readonly queue: string
  readonly state: TaskState
  readonly priority: Priority
  readonly payload?: unknown
  readonly result?: unknown
  readonly error: TaskFailure | null
  readonly attempt: number
  readonly maxAttempts: number
  readonly crashCount: number
  readonly retry: RetryPolicy | null
  readonly timeouts: Timeouts | null
  readonly retentionMs: number | null
  readonly labels: Readonly<Record<string, string>>
  readonly title: string | null
  readonly description: string | null
  readonly runAt: string | null
  readonly createdAt: string
  readonly createdBy: string
  readonly queuedAt: string | null
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly cancelRequestedAt: string | null
  readonly workerId: string | null
  readonly progress?: { readonly percent: number; readonly message?: string; readonly at: string } | null
}

interface Included {
  readonly payload: boolean
  readonly result: boolean
  readonly progress: boolean
}

/** Converts a task to JSON. No other code does. */
export function taskView(task: Task, include: Included = { payload: true, result: true, progress: true }): TaskView {
  return {
    id: task.id,
    project: task.project,
    type: task.type,
    queue: task.queue,
    state: task.state,
    priority: task.priority,
    ...(include.payload && { payload: JSON.parse(task.payload) as unknown }),
    ...(include.result && { result: task.result === null ? null : (JSON.parse(task.result) as unknown) }),
    error: task.error && { ...task.error },
    attempt: task.attempt,
    maxAttempts: task.maxAttempts,
    crashCount: task.crashCount,
    retry: task.retry,
    timeouts: task.timeouts,
    retentionMs: task.retentionMs,
    labels: task.labels,
    title: task.title,
    description: task.description,
    ...optionsView(task.options),
    runAt: iso(task.runAt),
    createdAt: task.createdAt.toISOString(),
    createdBy: task.createdBy,
    queuedAt: iso(task.queuedAt),
    startedAt: iso(task.startedAt),
    finishedAt: iso(task.finishedAt),
    cancelRequestedAt: iso(task.cancelRequestedAt),
    workerId: task.workerId,
    ...(include.progress && { progress: progressView(task) }),
  }
}

function progressView({ progress }: Task): NonNullable<TaskView['progress']> | null {
  return progress && { ...progress, at: progress.at.toISOString() }
}

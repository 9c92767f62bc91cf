import { iso } from '@taskflow/kernel'
import type { Priority } from './priority.ts'
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './retry-policy.ts'
import type { NewTask, TaskId, Timeouts } from './task.ts'
import { optionsOf, optionsView, type TaskOptions } from './task-options.ts'
import type { TaskTypeDefaults } from './task-type.ts'
import type { TaskView } from './task-view.ts'

const DEFAULT_QUEUE = 'default'
/** The general default. Statements that claim know it as well. */
export const DEFAULT_MAX_ATTEMPTS = 5

/** The fields of a submission except the payload: checked, and still without defaults. */
export interface TaskRequest extends TaskOptions {
  readonly type: string
  readonly queue?: string
  readonly priority?: Priority
  /** ISO 8601 with a time zone. */
  readonly runAt?: string
  readonly delayMs?: number
  readonly maxAttempts?: number
  readonly retry?: Partial<RetryPolicy>
  readonly timeouts?: Timeouts
  readonly labels?: Readonly<Record<string, string>>
  readonly title?: string
  readonly description?: string
  readonly retentionMs?: number
}

interface Given {
  readonly id: string
  /** The caller: the project of the task, and the name that is stored as its creator. */
  readonly by: { readonly project: string; readonly actor: string }
  /** The defaults of the task type, if a worker has announced the type. */
  readonly known: TaskTypeDefaults | undefined
  /** JSON text. */
  readonly payload: string
}

/** Completes a submission: an absent option gets the default of the task type, or else the general default. */
export function completeTask(request: TaskRequest, { id, by, known, payload }: Given): NewTask {
  return {
    id: id as TaskId,
    project: by.project,
    type: request.type,
    queue: request.queue ?? known?.queue ?? DEFAULT_QUEUE,
    priority: request.priority ?? known?.priority ?? 'normal',
    payload,
    runAt: request.runAt === undefined ? null : new Date(request.runAt),
    delayMs: request.delayMs ?? null,
    maxAttempts: request.maxAttempts ?? known?.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
    retry: retryOf(request, known),
    timeouts: timeoutsOf(request, known),
    retentionMs: request.retentionMs ?? null,
    labels: labelsOf(request),
    title: request.title ?? null,
    description: request.description ?? null,
    options: optionsWith(request, known),
    linked: false,
    waitingGate: null,
    createdBy: by.actor,
  }
}

/**
 * Marks a number of attempts that the caller named and that equals the general default: a claim replaces the default by
 * the number of the type, which may not have been announced yet.
 */
function optionsWith(request: TaskRequest, known: TaskTypeDefaults | undefined): TaskOptions | null {
  const options = optionsOf(request, known)
  return request.maxAttempts === DEFAULT_MAX_ATTEMPTS ? { ...options, maxAttemptsGiven: true } : options
}

function retryOf({ retry }: TaskRequest, known: TaskTypeDefaults | undefined): RetryPolicy | null {
  if (retry === undefined) return known?.retry ?? null
  return { ...(known?.retry ?? DEFAULT_RETRY_POLICY), ...retry }
}

function timeoutsOf({ timeouts }: TaskRequest, known: TaskTypeDefaults | undefined): Timeouts | null {
  if (timeouts === undefined) return known?.timeouts ?? null
  return { ...known?.timeouts, ...timeouts }
}

function labelsOf({ labels }: TaskRequest): NewTask['labels'] {
  return labels === undefined || Object.keys(labels).length === 0 ? null : labels
}

/**
 * Returns the task as it was when it was stored. The view depends only on the request and on what an idempotency key
 * keeps, so that a repeated request gets the first reply again, whatever the state of the task is by then.
 *
 * @param payload the parsed payload, if the caller has it
 */
export function submittedView(
  task: NewTask,
  id: TaskId,
  createdAt: Date,
  payload: unknown = JSON.parse(task.payload),
): TaskView {
  const runAt = task.runAt ?? (task.delayMs === null ? null : new Date(createdAt.getTime() + task.delayMs))
  const isDue = runAt === null || runAt <= createdAt
  const created = createdAt.toISOString()
  return {
    id,
    project: task.project,
    type: task.type,
    queue: task.queue,
    state: isDue ? 'queued' : 'scheduled',
    priority: task.priority,
    payload,
    result: null,
    error: null,
    attempt: 0,
    maxAttempts: task.maxAttempts,
    crashCount: 0,
    retry: task.retry,
    timeouts: task.timeouts,
    retentionMs: task.retentionMs,
    labels: task.labels ?? {},
    title: task.title,
    description: task.description,
    ...optionsView(task.options),
    runAt: iso(runAt),
    createdAt: created,
    createdBy: task.createdBy,
    queuedAt: isDue ? created : null,
    startedAt: null,
    finishedAt: null,
    cancelRequestedAt: null,
    workerId: null,
    progress: null,
  }
}

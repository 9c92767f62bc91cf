import {
  DEFAULT_RETRY_POLICY,
  type NewTask,
  type Principal,
  type RetryPolicy,
  type Task,
  TaskFlowError,
  type TaskId,
  type Timeouts,
} from '@taskflow/core'
import { malformedField } from '../malformed.ts'
import { refuseInvalidPayload } from './input-schema.ts'
import type { NewTaskBody } from './task-fields.ts'
import type { KnownType } from './task-types.ts'
import { type TaskView, taskView } from './task-view.ts'

const DEFAULT_QUEUE = 'default'
const DEFAULT_MAX_ATTEMPTS = 5

interface Context {
  readonly id: string
  readonly principal: Principal
  /** What workers announced of the type, if any knows it. */
  readonly known: KnownType | undefined
  readonly maxPayloadBytes: number
}

/** Completes what a caller asked for: absent options are the type's, and else the general ones. */
export function newTask(body: NewTaskBody, { id, principal, known, maxPayloadBytes }: Context): NewTask {
  if (body.runAt !== undefined && body.delayMs !== undefined) {
    throw malformedField('body', '/delayMs', 'cannot be given together with `/runAt`')
  }
  const { payload = null, labels = {} } = body
  refuseInvalidPayload(known, payload)
  return {
    id: id as TaskId,
    project: principal.project,
    type: body.type,
    queue: body.queue ?? known?.queue ?? DEFAULT_QUEUE,
    priority: body.priority ?? known?.priority ?? 'normal',
    payload: payloadText(payload, maxPayloadBytes),
    runAt: body.runAt === undefined ? null : new Date(body.runAt),
    delayMs: body.delayMs ?? null,
    maxAttempts: body.maxAttempts ?? known?.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
    retry: retryOf(body, known),
    timeouts: timeoutsOf(body, known),
    retentionMs: body.retentionMs ?? null,
    labels: Object.keys(labels).length === 0 ? null : labels,
    title: body.title ?? null,
    description: body.description ?? null,
    createdBy: principal.actor,
  }
}

/** @throws PAYLOAD_TOO_LARGE */
export function payloadText(payload: unknown, maxBytes: number): string {
  const text = JSON.stringify(payload)
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxBytes) return text
  throw new TaskFlowError('PAYLOAD_TOO_LARGE', `The payload has ${bytes} bytes as JSON; the limit is ${maxBytes}`)
}

function retryOf({ retry }: NewTaskBody, known: KnownType | undefined): RetryPolicy | null {
  if (retry === undefined) return known?.retry ?? null
  return { ...(known?.retry ?? DEFAULT_RETRY_POLICY), ...retry }
}

function timeoutsOf({ timeouts }: NewTaskBody, known: KnownType | undefined): Timeouts | null {
  if (timeouts === undefined) return known?.timeouts ?? null
  return { ...known?.timeouts, ...timeouts }
}

/**
 * The task as it was the moment it was stored. A function of the request and of what is kept with an
 * idempotency key, so that a replay gives the first reply again, however far the task has come since.
 */
export function submittedView(task: NewTask, id: TaskId, createdAt: Date): TaskView {
  const runAt = task.runAt ?? (task.delayMs === null ? null : new Date(createdAt.getTime() + task.delayMs))
  const isDue = runAt === null || runAt <= createdAt
  const { delayMs: _, ...given } = task
  const stored: Task = {
    ...given,
    id,
    state: isDue ? 'queued' : 'scheduled',
    labels: task.labels ?? {},
    runAt,
    createdAt,
    queuedAt: isDue ? createdAt : null,
    result: null,
    error: null,
    attempt: 0,
    crashCount: 0,
    startedAt: null,
    finishedAt: null,
    cancelRequestedAt: null,
    workerId: null,
    progress: null,
    version: '',
  }
  return taskView(stored)
}

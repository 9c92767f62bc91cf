import type { ErrorDescriptions } from '@taskflow/kernel'

export const TASKS_ERRORS = {
  TASK_NOT_FOUND: {
    status: 404,
    title: 'Task not found',
    hint: 'Check the id. A finished task is deleted once its retention has passed.',
  },
  TASK_STATE_CONFLICT: {
    status: 409,
    title: 'Task state does not allow this',
    hint: 'Read the task again: its state has changed.',
  },
  TASK_INVALID: { status: 422, title: 'Task was rejected', hint: 'Change the task as `detail` explains.' },
  IDEMPOTENCY_CONFLICT: {
    status: 409,
    title: 'Idempotency key was used with a different request',
    hint: 'Use a new key for a new request.',
  },
  PRECONDITION_FAILED: {
    status: 412,
    title: 'Task changed since it was read',
    hint: 'Read the task again and repeat the edit with its new ETag.',
  },
  BROKER_UNAVAILABLE: {
    status: 503,
    title: 'Broker is unavailable',
    hint: 'No task is lost: workers claim tasks from PostgreSQL until the broker answers again.',
  },
  WORKER_STATE_CONFLICT: {
    status: 409,
    title: 'Worker state does not allow this',
    hint: 'Read the worker again: it has stopped or is lost.',
  },
} as const satisfies ErrorDescriptions

declare module '@taskflow/kernel' {
  interface ErrorCodes extends Record<keyof typeof TASKS_ERRORS, true> {}
}

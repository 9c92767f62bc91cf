import type { Problem, Task, TaskFailure } from './api-types.ts'

interface Options {
  readonly status?: number
  readonly hint?: string
  readonly errors?: Problem['errors']
  readonly requestId?: string
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/**
 * The server refused a request, or could not be reached. Branch on `code`, never on the message. The codes of the
 * server are in docs/reference/errors.md. The client adds these:
 *
 * - `SERVER_UNREACHABLE`: no connection, or no reply in time.
 * - `RESPONSE_INVALID`: the reply is not from a TaskFlow server.
 * - `HTTP_<status>`: a proxy or another program between client and server refused the request.
 * - `WAIT_TIMED_OUT`: `tasks.wait` or `tasks.result` reached its `timeoutMs`; the task continues.
 */
export class TaskFlowApiError extends Error {
  override readonly name = 'TaskFlowApiError'
  readonly code: string
  /** The HTTP status of the reply. Undefined if there was no reply. */
  readonly status: number | undefined
  /** One sentence that says what happened; the same as `message`. */
  readonly detail: string
  /** What you can do about the error. */
  readonly hint: string | undefined
  /** The wrong fields of the request, each with a JSON pointer: at most 20. Empty for other errors. */
  readonly errors: NonNullable<Problem['errors']>
  /** The id of the request, which the server's log lines contain. */
  readonly requestId: string | undefined
  /** How long the server wants the client to wait before the next try (`Retry-After`), in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(code: string, detail: string, options: Options = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.detail = detail
    this.status = options.status
    this.hint = options.hint
    this.errors = options.errors ?? []
    this.requestId = options.requestId
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Thrown by `tasks.result` for a task that has no result because it failed or was cancelled. */
export class TaskFailedError extends Error {
  override readonly name = 'TaskFailedError'
  readonly code: 'TASK_FAILED' | 'TASK_CANCELLED'
  /** The finished task. */
  readonly task: Task
  /** The error of the task's last attempt, if there is one. */
  readonly failure: TaskFailure | null

  constructor(task: Task) {
    super(`Task ${task.id} (${task.type}) ${describeEnd(task)}`)
    this.code = task.state === 'cancelled' ? 'TASK_CANCELLED' : 'TASK_FAILED'
    this.task = task
    this.failure = task.error
  }
}

function describeEnd({ state, error, attempt }: Task): string {
  if (state === 'cancelled') return 'was cancelled'
  const cause = error ? `: ${error.name}: ${error.message} (${error.reason})` : ''
  return `failed at attempt ${attempt}${cause}`
}

/**
 * Returns whether an error has this code. Unlike `instanceof`, this also works for errors of another copy of the
 * package.
 *
 *     if (hasCode(error, 'TASK_NOT_FOUND')) return undefined
 */
export function hasCode(error: unknown, code: string): error is TaskFlowApiError {
  return error instanceof Error && (error as Partial<TaskFlowApiError>).code === code
}

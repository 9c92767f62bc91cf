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
 * What the server refused, or why it could not be asked. Branch on `code`: the server's own codes are
 * listed in docs/reference/errors.md; the client adds `SERVER_UNREACHABLE`, `RESPONSE_INVALID`,
 * `WAIT_TIMED_OUT`, and `HTTP_<status>` for a refusal that no TaskFlow server wrote (a proxy's, say).
 */
export class TaskFlowApiError extends Error {
  override readonly name = 'TaskFlowApiError'
  readonly code: string
  /** Of the reply; absent where none came. */
  readonly status: number | undefined
  readonly detail: string
  /** What to do next. */
  readonly hint: string | undefined
  /** Each offending field of a request, by JSON pointer. */
  readonly errors: NonNullable<Problem['errors']>
  /** Finds the request in the server's logs. */
  readonly requestId: string | undefined
  /** How long the server asked to wait before the next try. */
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

/** Thrown by `tasks.result` for a task that ended without one: it failed or was cancelled. */
export class TaskFailedError extends Error {
  override readonly name = 'TaskFailedError'
  readonly code: 'TASK_FAILED' | 'TASK_CANCELLED'
  readonly task: Task
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

/** Also true across two copies of this package, where `instanceof` is not. */
export function hasCode(error: unknown, code: string): error is TaskFlowApiError {
  return error instanceof Error && (error as Partial<TaskFlowApiError>).code === code
}

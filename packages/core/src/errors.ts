/**
 * Every error TaskFlow throws on purpose, by code. The code is public API: it
 * appears in HTTP bodies, CLI output and docs/reference/errors.md, and is never
 * reused for another meaning. `hint` is what the reader should do next.
 */
export const ERRORS = {
  REQUEST_MALFORMED: {
    status: 400,
    title: 'Request is malformed',
    hint: 'Mend what `errors` lists, or the body as `detail` says, and send it again.',
  },
  CURSOR_INVALID: {
    status: 400,
    title: 'Cursor is not one of ours',
    hint: 'Use `nextCursor` of the previous page unchanged, or leave it out to begin anew.',
  },
  UNAUTHENTICATED: {
    status: 401,
    title: 'Credentials are missing or wrong',
    hint: 'Send `Authorization: Bearer <API key>` with a key that is neither revoked nor expired.',
  },
  FORBIDDEN: {
    status: 403,
    title: 'Permission is missing',
    hint: 'Ask an administrator for a role that has the permission named in `detail`.',
  },
  ROUTE_NOT_FOUND: { status: 404, title: 'No such address', hint: 'Compare the method and path with `/docs`.' },
  TASK_NOT_FOUND: {
    status: 404,
    title: 'Task not found',
    hint: 'Check the id. A finished task is gone once its retention has passed.',
  },
  QUEUE_NOT_FOUND: {
    status: 404,
    title: 'Queue not found',
    hint: 'Check the name; a queue exists from its first task on.',
  },
  WORKER_NOT_FOUND: {
    status: 404,
    title: 'Worker not found',
    hint: 'Check the id with `GET /v1/workers`: a worker has a new one each time its process starts.',
  },
  API_KEY_NOT_FOUND: { status: 404, title: 'API key not found', hint: 'Check the id with `GET /v1/api-keys`.' },
  NOT_ACCEPTABLE: {
    status: 406,
    title: 'Reply would not be acceptable',
    hint: 'Name the media type that `detail` does in `Accept`, or leave `Accept` out.',
  },
  TASK_STATE_CONFLICT: {
    status: 409,
    title: 'Task is in a state that does not allow this',
    hint: 'Read the task; its state has moved on.',
  },
  WORKER_STATE_CONFLICT: {
    status: 409,
    title: 'Worker is in a state that does not allow this',
    hint: 'Read the worker; it has stopped or was lost.',
  },
  IDEMPOTENCY_CONFLICT: {
    status: 409,
    title: 'Idempotency key was used with another body',
    hint: 'Use a new key for a new request.',
  },
  PRECONDITION_FAILED: {
    status: 412,
    title: 'Task changed since it was read',
    hint: 'Read it again and repeat the edit with the new ETag.',
  },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    title: 'Body is too large',
    hint: 'Stay below the limit named in `detail`, or raise TASKFLOW_MAX_PAYLOAD_BYTES.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    title: 'Media type is not supported',
    hint: 'Send `application/json`, or `application/x-ndjson` where the reference says so.',
  },
  TASK_INVALID: { status: 422, title: 'Task cannot be accepted', hint: 'Change the task as `detail` says.' },
  DATABASE_UNAVAILABLE: {
    status: 503,
    title: 'Database is unavailable',
    hint: 'Try again after the time in `Retry-After`. It may have been stored: repeat a submission with the same Idempotency-Key.',
  },
  BROKER_UNAVAILABLE: {
    status: 503,
    title: 'Broker is unavailable',
    hint: 'Nothing is lost: tasks are stored, and workers take them from PostgreSQL until the broker is back.',
  },
  QUERY_TOO_SLOW: {
    status: 503,
    title: 'Query takes too long',
    hint: 'Narrow the filter: name a state, a queue, a type or a span of `createdAfter` and `createdBefore`.',
  },
  NOT_READY: {
    status: 503,
    title: 'Process is not ready',
    hint: 'Ask again in a moment; `/health` tells more.',
  },
  INTERNAL: {
    status: 500,
    title: 'Something went wrong here',
    hint: 'Report the `instance` to the operator, who finds it in the logs.',
  },
  SETTINGS_INVALID: {
    status: 500,
    title: 'Settings are wrong',
    hint: 'Mend each setting that the message names, and start again.',
  },
  SCHEMA_UNKNOWN: {
    status: 500,
    title: 'Database has another schema',
    hint: 'Run the version of TaskFlow that the database was migrated by, or a newer one.',
  },
  TRANSACTION_NOT_OPEN: {
    status: 500,
    title: 'No transaction is open',
    hint: 'Run `begin` on this connection first, and give the connection itself, not a pool.',
  },
  SCHEMA_OUTDATED: {
    status: 500,
    title: 'Database is not migrated',
    hint: 'Run `taskflow migrate` of this version, or name the schema that holds its tables.',
  },
  SCHEMA_BUSY: {
    status: 503,
    title: 'Database cannot be migrated now',
    hint: 'End whoever holds tables for long (`pg_stat_activity` tells), and migrate again. Nothing was changed.',
  },
  DATA_DIR_IN_USE: {
    status: 500,
    title: 'Data folder is in use',
    hint: 'Stop the other process, or give this one another TASKFLOW_DATA_DIR.',
  },
} as const satisfies Record<string, { status: number; title: string; hint: string }>

export type ErrorCode = keyof typeof ERRORS

interface Options {
  readonly cause?: unknown
  readonly details?: Readonly<Record<string, unknown>>
}

/** An error the caller can act on. Branch on `code`, never on the message or the class. */
export class TaskFlowError extends Error {
  override readonly name = 'TaskFlowError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, { cause, details = {} }: Options = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }

  get status(): number {
    return ERRORS[this.code].status
  }
}

export function hasCode(error: unknown, code: ErrorCode): error is TaskFlowError {
  return error instanceof Error && (error as Partial<TaskFlowError>).code === code
}

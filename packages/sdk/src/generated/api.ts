// Generated from the schemas of the API by `npm run generate`. Do not edit.

export interface ApiKey {
  /** UUIDv7, in lower case */
  id: string
  /** The name of the key; `createdBy` and the history of tasks show it as `key:<name>` */
  name: string
  /** What the key permits; each role includes the roles before it */
  role: 'viewer' | 'submitter' | 'operator' | 'admin'
  /** ISO 8601, UTC */
  createdAt: string
  /** The key is invalid from then on; null when it does not expire */
  expiresAt: string | null
  /** The key is invalid since then; null when it is not revoked */
  revokedAt: string | null
  /** The last use, accurate to a minute; null before the first use */
  lastUsedAt: string | null
}

export interface Attempt {
  /** UUIDv7, in lower case */
  id: string
  /** From 1 */
  attempt: number
  /** UUIDv7, in lower case */
  workerId: string
  /** ISO 8601, UTC */
  startedAt: string
  /** ISO 8601, UTC */
  endedAt: string | null
  outcome: 'running' | 'succeeded' | 'failed' | 'timedOut' | 'cancelled' | 'snoozed' | 'released' | 'rescued'
  error: {
    name: string
    message: string
    stack?: string
    reason: 'retryable' | 'exhausted' | 'notRetryable' | 'timedOut' | 'expired' | 'cancelled' | 'crashed' | 'quarantined'
  } | null
}

export interface CreatedApiKey {
  /** UUIDv7, in lower case */
  id: string
  /** The name of the key; `createdBy` and the history of tasks show it as `key:<name>` */
  name: string
  /** What the key permits; each role includes the roles before it */
  role: 'viewer' | 'submitter' | 'operator' | 'admin'
  /** ISO 8601, UTC */
  createdAt: string
  /** The key is invalid from then on; null when it does not expire */
  expiresAt: string | null
  /** The key is invalid since then; null when it is not revoked */
  revokedAt: string | null
  /** The last use, accurate to a minute; null before the first use */
  lastUsedAt: string | null
  /** The secret to send as `Authorization: Bearer <secret>`; only this reply contains it */
  secret: string
}

export interface Health {
  status: 'ok' | 'degraded'
  database: 'up' | 'down'
  /** `none` if PostgreSQL is the broker */
  broker: 'up' | 'down' | 'none'
  /** Worker of this process; absent without the role `worker` */
  worker?: {
    state: 'registering' | 'active' | 'cordoned' | 'draining'
    /** Milliseconds since the last successful fetch; 0 while the worker is full or cordoned */
    sinceFetchMs: number
  }
  version: string
  roles: Array<string>
  uptimeMs: number
}

export interface LogLine {
  attempt: number
  /** ISO 8601, UTC */
  at: string
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  /** What was logged beside the message; null where nothing was */
  fields: unknown
  /** As `cursor` of a request: the lines after this one, also those yet to come */
  cursor: string
}

export interface Me {
  /** The name that `createdBy` and the history of tasks show */
  actor: string
  role: 'viewer' | 'submitter' | 'operator' | 'admin'
  /** The project that the credentials give access to */
  project: string
}

export interface NewApiKey {
  /** The name of the key: letters, digits and `. _ : -`, at most 128 */
  name: string
  /** What the key permits; each role includes the roles before it */
  role: 'viewer' | 'submitter' | 'operator' | 'admin'
  /** When the key expires; without it, the key does not expire */
  expiresAt?: string
}

export interface NewTask {
  /** The task type: letters, digits and `. _ : -`, at most 128 */
  type: string
  /** Any JSON value, up to the server's limit (1 MiB by default) */
  payload?: unknown
  /** The queue: letters, digits and `. _ : -`, at most 128 */
  queue?: string
  /** A higher class goes first; the lower ones never starve */
  priority?: 'critical' | 'high' | 'normal' | 'low'
  /** Not before: ISO 8601 with its zone, from 1970 to 2200 */
  runAt?: string
  /** Not before this long from now; instead of `runAt`, in milliseconds */
  delayMs?: number
  maxAttempts?: number
  /** Pauses between attempts; what is left out is 1 s, doubling up to 10 min, with full jitter */
  retry?: {
    /** Longest pause before the second attempt, in milliseconds */
    baseMs?: number
    /** By which each next pause is longer */
    factor?: number
    /** Longest pause of all, in milliseconds */
    maxMs?: number
    /** `full` draws each pause at random up to its length */
    jitter?: 'full' | 'none'
  }
  /** No limit where left out */
  timeouts?: {
    /** From due to the first start, in milliseconds */
    scheduleToStartMs?: number
    /** One attempt, in milliseconds */
    startToCloseMs?: number
    /** From due to the end, over all attempts, in milliseconds */
    scheduleToCloseMs?: number
    /** Between two heartbeats of the handler, in milliseconds */
    heartbeatMs?: number
  }
  /** Up to 64, with names of up to 64 and values of up to 256 characters; lists filter by them */
  labels?: Record<string, string>
  title?: string
  description?: string
  /** How long the finished task is kept, in milliseconds */
  retentionMs?: number
}

export interface Problem {
  /** Address of the explanation of the code */
  type: string
  title: string
  status: number
  /** Stable code of the error; branch on this field */
  code: 'REQUEST_MALFORMED' | 'PAYLOAD_TOO_LARGE' | 'CURSOR_INVALID' | 'UNAUTHENTICATED' | 'FORBIDDEN' | 'ROUTE_NOT_FOUND' | 'NOT_ACCEPTABLE' | 'MEDIA_TYPE_UNSUPPORTED' | 'TASK_NOT_FOUND' | 'TASK_STATE_CONFLICT' | 'TASK_INVALID' | 'IDEMPOTENCY_CONFLICT' | 'PRECONDITION_FAILED' | 'BROKER_UNAVAILABLE' | 'WORKER_STATE_CONFLICT' | 'QUEUE_NOT_FOUND' | 'WORKER_NOT_FOUND' | 'API_KEY_NOT_FOUND' | 'DATABASE_UNAVAILABLE' | 'QUERY_TOO_SLOW' | 'SCHEMA_UNKNOWN' | 'SCHEMA_OUTDATED' | 'SCHEMA_BUSY' | 'TRANSACTION_NOT_OPEN' | 'INTERNAL' | 'SETTINGS_INVALID' | 'NOT_READY' | 'DATA_DIR_IN_USE'
  /** One sentence that explains this error */
  detail: string
  /** Id of the request, as in the header X-Request-Id and in the log */
  instance: string
  /** What to do about the error */
  hint: string
  /** The invalid fields, at most 20 */
  errors?: Array<{
    /** Part of the request that has the field */
    in: 'body' | 'query' | 'path' | 'headers'
    /** JSON pointer (RFC 6901) to the invalid field */
    pointer: string
    /** Rest of a sentence that begins with the name of the field */
    message: string
  }>
}

export interface Queue {
  /** The name of the queue */
  name: string
  /** The number of unfinished tasks by state; states without tasks are absent */
  depth: {
    blocked?: number
    scheduled?: number
    queued?: number
    running?: number
    waiting?: number
    retrying?: number
    succeeded?: number
    failed?: number
    cancelled?: number
  }
  /** Milliseconds since the oldest queued task was queued; null when no task is queued */
  oldestQueuedMs: number | null
  /** The number of tasks that workers settled during the last full minute, by outcome */
  throughput: {
    succeeded: number
    failed: number
    cancelled: number
  }
  /** When the coordinator counted the tasks */
  countedAt: string
}

export interface Task {
  /** UUIDv7, in lower case */
  id: string
  project: string
  type: string
  queue: string
  state: 'blocked' | 'scheduled' | 'queued' | 'running' | 'waiting' | 'retrying' | 'succeeded' | 'failed' | 'cancelled'
  priority: 'critical' | 'high' | 'normal' | 'low'
  /** Any JSON value; in lists only where included */
  payload?: unknown
  /** Any JSON value; null until it succeeded; in lists only where included */
  result?: unknown
  error: {
    name: string
    message: string
    stack?: string
    reason: 'retryable' | 'exhausted' | 'notRetryable' | 'timedOut' | 'expired' | 'cancelled' | 'crashed' | 'quarantined'
  } | null
  /** Attempts used; 0 before the first */
  attempt: number
  maxAttempts: number
  /** How often a worker died with it */
  crashCount: number
  retry: {
    baseMs: number
    factor: number
    maxMs: number
    jitter: 'full' | 'none'
  } | null
  timeouts: {
    scheduleToStartMs?: number
    startToCloseMs?: number
    scheduleToCloseMs?: number
    heartbeatMs?: number
  } | null
  retentionMs: number | null
  labels: Record<string, string>
  title: string | null
  description: string | null
  /** ISO 8601, UTC */
  runAt: string | null
  /** ISO 8601, UTC */
  createdAt: string
  createdBy: string
  /** ISO 8601, UTC */
  queuedAt: string | null
  /** ISO 8601, UTC */
  startedAt: string | null
  /** ISO 8601, UTC */
  finishedAt: string | null
  /** ISO 8601, UTC */
  cancelRequestedAt: string | null
  /** UUIDv7, in lower case */
  workerId: string | null
  /** Of the present or the last run; null before its handler tells any; never in lists */
  progress?: {
    percent: number
    message?: string
    /** ISO 8601, UTC */
    at: string
  } | null
}

/** Absent means unchanged; a null `runAt` means at once */
export interface TaskChanges {
  /** Any JSON value, up to the server's limit (1 MiB by default) */
  payload?: unknown
  /** The queue: letters, digits and `. _ : -`, at most 128 */
  queue?: string
  /** A higher class goes first; the lower ones never starve */
  priority?: 'critical' | 'high' | 'normal' | 'low'
  /** Not before: ISO 8601 with its zone, from 1970 to 2200 */
  runAt?: string | null
  maxAttempts?: number
  /** Up to 64, with names of up to 64 and values of up to 256 characters; lists filter by them */
  labels?: Record<string, string>
  title?: string | null
  description?: string | null
}

export interface TaskEvent {
  /** `task.created`, `task.started`, `task.retried`, `task.succeeded` … */
  kind: string
  /** ISO 8601, UTC */
  at: string
  /** Who did it; null where the system did */
  actor: string | null
  detail: Record<string, unknown>
}

export interface Worker {
  /** UUIDv7, in lower case; a worker gets a new id each time its process starts */
  id: string
  /** The project whose tasks the worker runs */
  project: string
  /** The name from the settings of the worker */
  name: string
  /** The name of the machine */
  host: string
  /** The process id on that machine */
  pid: number
  /** The TaskFlow version of the worker */
  version: string
  /** The labels from the settings of the worker */
  labels: Record<string, string>
  /** The queues that the worker serves */
  queues: Array<string>
  /** The task types that the worker has handlers for */
  types: Array<string>
  /** The number of attempts that can run at the same time */
  slots: number
  /** A `silent` worker has sent no heartbeat for two seconds; the tasks of a `lost` worker are rescued; a `stopped` worker ended as planned */
  state: 'active' | 'silent' | 'cordoned' | 'draining' | 'lost' | 'stopped'
  /** The tasks that the worker runs, at most 200 of them */
  running: Array<{
    /** UUIDv7, in lower case */
    taskId: string
    type: string
    /** ISO 8601, UTC */
    startedAt: string
  }>
  /** Delay of the event loop that runs handlers, in milliseconds */
  loopLagMs: number
  /** Milliseconds since the last successful fetch of tasks; 0 while the worker is full, cordoned or draining */
  sinceFetchMs: number
  /** When the worker registered */
  startedAt: string
  /** When the last heartbeat arrived */
  heartbeatAt: string
}

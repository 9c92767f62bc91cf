// Generated from the schemas of the API by `npm run generate`. Do not edit.

export interface ApiKey {
  /** UUIDv7, in lower case */
  id: string
  /** The name of the key; `createdBy` and the history of tasks show it as `key:<name>` */
  name: string
  /** The role of the key, which sets its permissions; each role includes the roles before it */
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
  /** The number of the attempt, from 1; a snoozed, released or rescued attempt shares its number with the next one */
  attempt: number
  /** The worker that ran the attempt */
  workerId: string
  /** ISO 8601, UTC */
  startedAt: string
  /** Null while the attempt runs */
  endedAt: string | null
  /** How the attempt ended */
  outcome: 'running' | 'succeeded' | 'failed' | 'timedOut' | 'cancelled' | 'snoozed' | 'released' | 'rescued'
  /** Why the attempt failed; null when it did not */
  error: {
    /** The name of the error */
    name: string
    message: string
    stack?: string
    /** Why the task or attempt failed; `retryable` and `crashed` describe an attempt that is followed by another */
    reason: 'retryable' | 'exhausted' | 'notRetryable' | 'timedOut' | 'expired' | 'cancelled' | 'crashed' | 'quarantined'
  } | null
}

export interface CreatedApiKey {
  /** UUIDv7, in lower case */
  id: string
  /** The name of the key; `createdBy` and the history of tasks show it as `key:<name>` */
  name: string
  /** The role of the key, which sets its permissions; each role includes the roles before it */
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
    state: 'loading' | 'registering' | 'active' | 'cordoned' | 'draining'
    /** Milliseconds since the last successful fetch; 0 while the worker is full or cordoned */
    sinceFetchMs: number
    /** Milliseconds for which a handler has blocked the shared event loop; 0 while it answers */
    blockedMs: number
    /** Milliseconds since the runner of the handlers began to start, or to crash again and again; 0 while it runs */
    startingMs: number
    /** Task module that is being imported, while the worker loads its modules */
    loadingModule?: string
  }
  version: string
  roles: Array<string>
  uptimeMs: number
}

export interface LogLine {
  /** The attempt that logged the line */
  attempt: number
  /** ISO 8601, UTC */
  at: string
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  /** The fields that the handler logged with the message; null for none */
  fields: unknown
  /** Pass this as `cursor` to get the lines after this one, including lines that are logged later */
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
  /** The role of the key, which sets its permissions; each role includes the roles before it */
  role: 'viewer' | 'submitter' | 'operator' | 'admin'
  /** When the key expires; without it, the key does not expire */
  expiresAt?: string
}

/** Absent options default to those of the task type, if a worker has registered it. */
export interface NewTask {
  /** The task type, by which workers find the handler: letters, digits and `. _ : -`, at most 128 */
  type: string
  /** The input of the handler: any JSON value up to the server's limit, which is 1 MiB by default */
  payload?: unknown
  /** The queue in which the task waits: letters, digits and `. _ : -`, at most 128 */
  queue?: string
  /** Tasks of a higher class start first; tasks of a lower class become more urgent while they wait */
  priority?: 'critical' | 'high' | 'normal' | 'low'
  /** When the task is due: ISO 8601 with a time zone, from 1970 to 2200 */
  runAt?: string
  /** Delay until the task is due, as an alternative to `runAt`, in milliseconds */
  delayMs?: number
  /** The task fails after this number of failed attempts */
  maxAttempts?: number
  /** Pauses between attempts; absent fields default to 1 s, doubling up to 10 min, with full jitter */
  retry?: {
    /** Upper limit of the pause before the second attempt, in milliseconds */
    baseMs?: number
    /** Growth of the upper limit with each attempt */
    factor?: number
    /** Maximum of the upper limit, in milliseconds */
    maxMs?: number
    /** `full` draws each pause at random between 0 and the upper limit; `none` waits for the upper limit */
    jitter?: 'full' | 'none'
  }
  /** Time limits; an absent field means no limit */
  timeouts?: {
    /** From the time when the task is due to its first start, in milliseconds */
    scheduleToStartMs?: number
    /** From the start to the end of each attempt, in milliseconds */
    startToCloseMs?: number
    /** From the time when the task is due to its end, over all attempts, in milliseconds */
    scheduleToCloseMs?: number
    /** Between two heartbeats of the handler of a running task, in milliseconds */
    heartbeatMs?: number
  }
  /** Up to 64 names with values, by which lists can be filtered; a name has up to 64 characters, a value up to 256 */
  labels?: Record<string, string>
  /** A short text for people, shown in lists */
  title?: string
  /** A longer text for people */
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
  code: 'REQUEST_MALFORMED' | 'PAYLOAD_TOO_LARGE' | 'CURSOR_INVALID' | 'UNAUTHENTICATED' | 'FORBIDDEN' | 'ROUTE_NOT_FOUND' | 'METHOD_NOT_ALLOWED' | 'NOT_ACCEPTABLE' | 'REQUEST_TIMED_OUT' | 'MEDIA_TYPE_UNSUPPORTED' | 'TASK_NOT_FOUND' | 'TASK_STATE_CONFLICT' | 'TASK_INVALID' | 'IDEMPOTENCY_CONFLICT' | 'PRECONDITION_FAILED' | 'BROKER_UNAVAILABLE' | 'WORKER_STATE_CONFLICT' | 'QUEUE_NOT_FOUND' | 'WORKER_NOT_FOUND' | 'API_KEY_NOT_FOUND' | 'DATABASE_UNAVAILABLE' | 'QUERY_TOO_SLOW' | 'SCHEMA_UNKNOWN' | 'SCHEMA_OUTDATED' | 'SCHEMA_BUSY' | 'TRANSACTION_NOT_OPEN' | 'INTERNAL' | 'SETTINGS_INVALID' | 'NOT_READY' | 'DATABASE_UNSUITABLE' | 'DATA_DIR_IN_USE' | 'DATA_DIR_UNUSABLE'
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
  /** The number of unfinished tasks by state; 0 for a state without tasks */
  depth: {
    blocked: number
    scheduled: number
    queued: number
    running: number
    waiting: number
    retrying: number
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
  /** The project that the task belongs to */
  project: string
  /** The task type, by which workers find the handler */
  type: string
  /** The queue in which the task waits */
  queue: string
  state: 'blocked' | 'scheduled' | 'queued' | 'running' | 'waiting' | 'retrying' | 'succeeded' | 'failed' | 'cancelled'
  /** The priority class */
  priority: 'critical' | 'high' | 'normal' | 'low'
  /** The input of the handler, any JSON value; absent from lists unless `include` names it */
  payload?: unknown
  /** The value that the handler returned, any JSON value; null until the task has succeeded; absent from lists unless `include` names it */
  result?: unknown
  /** The latest failure; null before the first */
  error: {
    /** The name of the error */
    name: string
    message: string
    stack?: string
    /** Why the task or attempt failed; `retryable` and `crashed` describe an attempt that is followed by another */
    reason: 'retryable' | 'exhausted' | 'notRetryable' | 'timedOut' | 'expired' | 'cancelled' | 'crashed' | 'quarantined'
  } | null
  /** The number of attempts used; 0 before the first */
  attempt: number
  /** The task fails after this number of failed attempts */
  maxAttempts: number
  /** The number of crashes of a worker or runner while the task ran */
  crashCount: number
  /** The retry policy of the task; null for the default */
  retry: {
    baseMs: number
    factor: number
    maxMs: number
    jitter: 'full' | 'none'
  } | null
  /** The timeouts of the task; null for none */
  timeouts: {
    scheduleToStartMs?: number
    startToCloseMs?: number
    scheduleToCloseMs?: number
    heartbeatMs?: number
  } | null
  /** How long the finished task is kept; null for the default of the server */
  retentionMs: number | null
  labels: Record<string, string>
  title: string | null
  description: string | null
  /** When the task is due; null for at once */
  runAt: string | null
  /** ISO 8601, UTC */
  createdAt: string
  /** Who submitted the task, such as `key:ci` */
  createdBy: string
  /** When the task last became queued */
  queuedAt: string | null
  /** When the latest attempt started */
  startedAt: string | null
  /** ISO 8601, UTC */
  finishedAt: string | null
  /** When a caller cancelled the task; null if none did */
  cancelRequestedAt: string | null
  /** The worker that runs the task, or that ended it */
  workerId: string | null
  /** The latest progress that the handler reported; null before the first report; absent from lists */
  progress?: {
    /** From 0 to 100 */
    percent: number
    message?: string
    /** ISO 8601, UTC */
    at: string
  } | null
}

/** Absent fields stay unchanged. A null `runAt` makes the task due at once. */
export interface TaskChanges {
  /** The input of the handler: any JSON value up to the server's limit, which is 1 MiB by default */
  payload?: unknown
  /** The queue in which the task waits: letters, digits and `. _ : -`, at most 128 */
  queue?: string
  /** Tasks of a higher class start first; tasks of a lower class become more urgent while they wait */
  priority?: 'critical' | 'high' | 'normal' | 'low'
  /** When the task is due: ISO 8601 with a time zone, from 1970 to 2200 */
  runAt?: string | null
  /** The task fails after this number of failed attempts */
  maxAttempts?: number
  /** Up to 64 names with values, by which lists can be filtered; a name has up to 64 characters, a value up to 256 */
  labels?: Record<string, string>
  /** A short text for people, shown in lists */
  title?: string | null
  /** A longer text for people */
  description?: string | null
}

export interface TaskEvent {
  /** The kind of the event, such as `task.created`, `task.started`, `task.retried` or `task.succeeded` */
  kind: string
  /** ISO 8601, UTC */
  at: string
  /** Who did it; null for TaskFlow itself */
  actor: string | null
  /** Further facts about the event; the fields depend on `kind` */
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

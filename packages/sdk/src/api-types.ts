/**
 * The API's own shapes, as they travel: moments are ISO 8601 strings in UTC and are not turned into
 * `Date`, so what is logged, stored or passed on is exactly what the server said.
 */
export type TaskState =
  | 'blocked'
  | 'scheduled'
  | 'queued'
  | 'running'
  | 'waiting'
  | 'retrying'
  | 'succeeded'
  | 'failed'
  | 'cancelled'

export type Priority = 'critical' | 'high' | 'normal' | 'low'

export type Role = 'viewer' | 'submitter' | 'operator' | 'admin'

export interface RetryPolicy {
  baseMs: number
  factor: number
  maxMs: number
  jitter: 'full' | 'none'
}

export interface Timeouts {
  scheduleToStartMs?: number
  startToCloseMs?: number
  scheduleToCloseMs?: number
  heartbeatMs?: number
}

export interface TaskFailure {
  name: string
  message: string
  stack?: string
  reason: 'exhausted' | 'notRetryable' | 'timedOut' | 'expired' | 'cancelled' | 'crashed' | 'quarantined'
}

export interface Progress {
  percent: number
  message?: string
  at: string
}

export interface Task<Result = unknown> {
  id: string
  project: string
  type: string
  queue: string
  state: TaskState
  priority: Priority
  /** Left out of lists unless asked for. */
  payload?: unknown
  /** Null until the task succeeded; left out of lists unless asked for. */
  result?: Result | null
  error: TaskFailure | null
  attempt: number
  maxAttempts: number
  crashCount: number
  retry: RetryPolicy | null
  timeouts: Timeouts | null
  retentionMs: number | null
  labels: Record<string, string>
  title: string | null
  description: string | null
  runAt: string | null
  createdAt: string
  createdBy: string
  queuedAt: string | null
  startedAt: string | null
  finishedAt: string | null
  cancelRequestedAt: string | null
  workerId: string | null
  progress: Progress | null
}

/** What `POST /v1/tasks` takes. */
export interface NewTask {
  type: string
  payload?: unknown
  queue?: string
  priority?: Priority
  runAt?: string
  delayMs?: number
  maxAttempts?: number
  retry?: Partial<RetryPolicy>
  timeouts?: Timeouts
  labels?: Record<string, string>
  title?: string
  description?: string
  retentionMs?: number
}

/** What `PATCH /v1/tasks/{id}` takes. Absent means unchanged. */
export interface TaskChanges {
  payload?: unknown
  queue?: string
  priority?: Priority
  /** Null for at once. */
  runAt?: string | null
  maxAttempts?: number
  labels?: Record<string, string>
  title?: string | null
  description?: string | null
}

export interface Attempt {
  id: string
  attempt: number
  workerId: string
  startedAt: string
  endedAt: string | null
  outcome: 'running' | 'succeeded' | 'failed' | 'timedOut' | 'cancelled' | 'snoozed' | 'released' | 'rescued'
  error: TaskFailure | null
}

export interface TaskEvent {
  kind: string
  at: string
  actor: string | null
  detail: Record<string, unknown>
}

export interface LogLine {
  attempt: number
  at: string
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  fields: unknown
  /** Give it as `after` to have what follows. */
  cursor: string
}

export interface Worker {
  id: string
  name: string
  state: 'active' | 'draining' | 'lost' | 'stopped'
  version: string
  host: string
  pid: number
  labels: Record<string, string>
  slots: number
  queues: string[]
  types: string[]
  running: { taskId: string; type: string; startedAt: string }[]
  loopLagMs: number
  sinceFetchMs: number
  startedAt: string
  heartbeatAt: string
}

export interface Queue {
  name: string
  depth: Partial<Record<TaskState, number>>
  oldestQueuedMs: number | null
  throughput: { succeeded: number; failed: number; cancelled: number }
  countedAt: string
}

export interface ApiKey {
  id: string
  name: string
  role: Role
  createdAt: string
  expiresAt: string | null
  revokedAt: string | null
  lastUsedAt: string | null
}

/** The only reply that carries the secret. */
export interface CreatedApiKey extends ApiKey {
  secret: string
}

export interface Health {
  status: 'ok' | 'degraded'
  database: 'up' | 'down'
  version: string
  roles: string[]
  uptimeMs: number
}

export interface Me {
  actor: string
  role: Role
  project: string
}

export interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail: string
  hint?: string
  instance?: string
  errors?: { in: 'body' | 'query' | 'path' | 'headers'; pointer: string; message: string }[]
}

export interface Page<Item> {
  items: Item[]
  nextCursor: string | null
}

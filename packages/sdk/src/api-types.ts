import type * as api from './generated/api.ts'

/**
 * The API's own shapes, as they travel: moments are ISO 8601 strings in UTC and are not turned into
 * `Date`, so what is logged, stored or passed on is exactly what the server said.
 */
export type {
  ApiKey,
  Attempt,
  CreatedApiKey,
  Health,
  LogLine,
  Me,
  NewApiKey,
  NewTask,
  Problem,
  Queue,
  TaskChanges,
  TaskEvent,
  Worker,
} from './generated/api.ts'

export interface Task<Result = unknown> extends Omit<api.Task, 'result'> {
  /** Null until the task succeeded; left out of lists unless asked for. */
  result?: Result | null
}

export type TaskState = api.Task['state']
export type Priority = api.Task['priority']
export type WorkerState = api.Worker['state']
export type Role = api.ApiKey['role']
export type RetryPolicy = NonNullable<api.Task['retry']>
export type Timeouts = NonNullable<api.Task['timeouts']>
export type TaskFailure = NonNullable<api.Task['error']>
export type Progress = NonNullable<api.Task['progress']>

export interface Page<Item> {
  items: Item[]
  /** Null on the last page. */
  nextCursor: string | null
}

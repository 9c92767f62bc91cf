import type * as api from './generated/api.ts'

/**
 * The JSON types of the API, unchanged: times are ISO 8601 strings in UTC, not `Date` objects, and names that end in
 * `Ms` are numbers of milliseconds. A value that you log, store or pass on is exactly what the server sent.
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

/** A task as the API returns it. `Result` is the type of the handler's result. */
export interface Task<Result = unknown> extends Omit<api.Task, 'result'> {
  /** The handler's result. Null until the task has succeeded; absent in lists unless `include` names it. */
  result?: Result | null
}

/** The state of a task: one of nine, such as `queued`. `isFinished` reports whether it is final. */
export type TaskState = api.Task['state']
/** The priority class of a task, `normal` by default. */
export type Priority = api.Task['priority']
/** The state of a worker, such as `active` or `lost`. */
export type WorkerState = api.Worker['state']
/** The role of an API key. Each role includes the permissions of the roles before it. */
export type Role = api.ApiKey['role']
/** The delays between attempts. `baseMs` and `maxMs` are milliseconds; `factor` multiplies the delay each time. */
export type RetryPolicy = NonNullable<api.Task['retry']>
/** The four timeouts of a task, in milliseconds. A field that is absent sets no limit. */
export type Timeouts = NonNullable<api.Task['timeouts']>
/** The error of the last attempt that did not succeed, and the reason for what happened to the task. */
export type TaskFailure = NonNullable<api.Task['error']>
/** The progress of the current or last attempt: a percentage from 0 to 100 and an optional message. */
export type Progress = NonNullable<api.Task['progress']>

/** One page of a list. */
export interface Page<Item> {
  items: Item[]
  /** Pass it as `cursor` to read the next page. Null on the last page. */
  nextCursor: string | null
}

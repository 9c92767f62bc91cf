import type {
  Attempt,
  LogLine,
  NewTask,
  Page,
  Priority,
  Problem,
  Task,
  TaskChanges,
  TaskEvent,
  TaskState,
} from './api-types.ts'
import { TaskFailedError } from './errors.ts'
import { type InputOf, newTask, type ResultOf, type SubmittableTask, type TaskOptions } from './new-task.ts'
import { everyItem, type PageRequest } from './pages.ts'
import type { Query, Transport } from './transport.ts'
import { type WaitOptions, waitForEnd } from './wait.ts'

/** Options of every request. */
export interface RequestOptions {
  /** Ends the request; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Options of a submission. */
export interface SubmitRequest extends RequestOptions {
  /**
   * A repeated submission with the same key and the same task returns the first task again, for one day. Without it,
   * the client creates a key for each call, except for streams.
   */
  readonly idempotencyKey?: string
}

/** Options of `submitMany`. */
export interface SubmitManyRequest extends SubmitRequest {
  /** The number of tasks in one request, from 1 to 10,000 and at most 64 MiB. Default: 1,000. */
  readonly chunkSize?: number
}

/** The outcome of one task of a stream: its id or the error. `line` is the position of the task, from 1. */
export type StreamedTask =
  | { readonly line: number; readonly id: string; readonly error?: undefined }
  | { readonly line: number; readonly id?: undefined; readonly error: Problem }

/** Which tasks a list contains. A task must match all given fields. */
export interface TaskFilter extends PageRequest {
  /** One state, or any of several. */
  readonly state?: TaskState | readonly TaskState[]
  readonly queue?: string
  readonly type?: string
  readonly priority?: Priority
  /** Labels that the task must have, all of them. */
  readonly labels?: Readonly<Record<string, string>>
  /** The caller that submitted the task, such as `admin` or `key:ci`. */
  readonly createdBy?: string
  /** An ISO 8601 time. */
  readonly createdAfter?: string
  /** An ISO 8601 time. */
  readonly createdBefore?: string
  /** A part of the title, description or type, in upper or lower case. */
  readonly q?: string
  /** Large fields to include in the list. Without it, tasks in lists have neither payload nor result. */
  readonly include?: readonly ('payload' | 'result')[]
}

/** Which log lines to read. */
export interface LogRequest extends RequestOptions {
  /** The cursor of the last line that you have; the reply starts after it. */
  readonly after?: string | undefined
  /** The number of lines on a page, from 1 to 200. Default: 50. */
  readonly limit?: number
}

/** A task: its id, or a task object, which also carries the type of its result. */
export type TaskRef<Result = unknown> = string | Pick<Task<Result>, 'id' | 'result'>

const idOf = (task: TaskRef): string => encodeURIComponent(typeof task === 'string' ? task : task.id)

/**
 * `client.tasks`: submits, reads and changes tasks, one method for each verb.
 *
 * Methods throw `TaskFlowApiError`. Methods that take a task throw `TASK_NOT_FOUND` for an unknown id or for a finished
 * task whose retention has passed.
 */
export class Tasks {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /**
   * Submits one task. The task is durable when the promise resolves. The client retries after a failed connection and
   * never stores the task twice. Throws `TASK_INVALID` when the payload does not match the schema of the type, and
   * `IDEMPOTENCY_CONFLICT` when the key was used with a different task. Throws a `TypeError` that names the place of a
   * value which JSON would lose, such as a Map or NaN.
   *
   *     const task = await taskflow.tasks.submit(countWords, { text: 'a b' }, { priority: 'high', delayMs: 60_000 })
   *     const byName = await taskflow.tasks.submit('words.count', { text: 'a b' })
   */
  async submit<Definition extends SubmittableTask>(
    definition: Definition,
    input: InputOf<Definition>,
    options?: TaskOptions,
    request?: SubmitRequest,
  ): Promise<Task<ResultOf<Definition>>>
  async submit(type: string, payload?: unknown, options?: TaskOptions, request?: SubmitRequest): Promise<Task>
  async submit(
    definition: SubmittableTask | string,
    payload?: unknown,
    options?: TaskOptions,
    { idempotencyKey = crypto.randomUUID(), signal }: SubmitRequest = {},
  ): Promise<Task> {
    const { body } = await this.#transport.call<Task>({
      method: 'POST',
      path: '/v1/tasks',
      body: newTask(definition as string, payload, options),
      headers: { 'idempotency-key': idempotencyKey },
      signal,
    })
    return body
  }

  /**
   * Submits many tasks in chunks and returns their ids in the same order. Each chunk is stored completely or not at
   * all. When a chunk is refused, the method throws and the earlier chunks stay stored; with an `idempotencyKey` you
   * can repeat the call without storing them twice.
   */
  async submitMany(tasks: readonly NewTask[], options: SubmitManyRequest = {}): Promise<string[]> {
    const { idempotencyKey = crypto.randomUUID(), chunkSize = 1_000, signal } = options
    const ids: string[] = []
    for (let start = 0; start < tasks.length; start += chunkSize) {
      const { body } = await this.#transport.call<{ ids: string[] }>({
        method: 'POST',
        path: '/v1/tasks/batch',
        body: { tasks: tasks.slice(start, start + chunkSize) },
        headers: { 'idempotency-key': `${idempotencyKey}:${start}` },
        signal,
      })
      for (const id of body.ids) ids.push(id)
    }
    return ids
  }

  /**
   * Submits any number of tasks over one connection without keeping them in memory. The method reads the tasks as fast
   * as the server accepts them, and yields the outcome of each task as the server reports it. A bad task is refused
   * alone.
   *
   * A broken connection throws `SERVER_UNREACHABLE`; tasks that were yielded stay stored, and the same stream with the
   * same `idempotencyKey` stores nothing twice. Needs a fetch that can send streams (Node.js, Deno, Bun).
   *
   *     for await (const { line, error } of taskflow.tasks.submitStream(tasks)) if (error) console.error(line, error)
   */
  submitStream(
    tasks: Iterable<NewTask> | AsyncIterable<NewTask>,
    { idempotencyKey, signal }: SubmitRequest = {},
  ): AsyncGenerator<StreamedTask> {
    // The client creates no key here: it never retries a stream, and a key costs the server one row for each task.
    const headers = { 'idempotency-key': idempotencyKey }
    return this.#transport.stream({ method: 'POST', path: '/v1/tasks/batch', headers, signal }, tasks)
  }

  /**
   * Returns one task. With `waitMs` (0 to 60,000 milliseconds) the server holds the reply until the task has finished
   * or the time has passed.
   */
  async get<Result>(
    task: TaskRef<Result>,
    { waitMs, signal }: RequestOptions & { readonly waitMs?: number } = {},
  ): Promise<Task<Result>> {
    const path = `/v1/tasks/${idOf(task)}`
    const { body } = await this.#read<Task<Result>>(path, { waitMs }, signal, waitMs)
    return body
  }

  /** Returns one task with its ETag, which `edit` accepts as `ifMatch`. */
  async getWithTag<Result>(
    task: TaskRef<Result>,
    { signal }: RequestOptions = {},
  ): Promise<{ task: Task<Result>; etag: string | undefined }> {
    const { body, headers } = await this.#read<Task<Result>>(`/v1/tasks/${idOf(task)}`, {}, signal)
    return { task: body, etag: headers.get('etag') ?? undefined }
  }

  /** Waits until the task has finished and returns it, whatever its outcome. Throws `WAIT_TIMED_OUT`. */
  wait<Result>(task: TaskRef<Result>, options?: WaitOptions): Promise<Task<Result>> {
    return waitForEnd((waitMs, signal) => this.get(task, { waitMs, signal }), options)
  }

  /**
   * Waits until the task has finished and returns the handler's result. Throws `TaskFailedError` when the task failed
   * or was cancelled, and `WAIT_TIMED_OUT`.
   */
  async result<Result>(task: TaskRef<Result>, options?: WaitOptions): Promise<Result> {
    const finished = await this.wait(task, options)
    if (finished.state !== 'succeeded') throw new TaskFailedError(finished)
    return finished.result as Result
  }

  /** Returns one page of tasks, newest first. */
  async list(filter: TaskFilter = {}, { signal }: RequestOptions = {}): Promise<Page<Task>> {
    const { body } = await this.#read<Page<Task>>('/v1/tasks', queryOf(filter), signal)
    return body
  }

  /** Yields all matching tasks, newest first, and requests each page when it is needed. */
  listAll(filter: TaskFilter = {}, options: RequestOptions = {}): AsyncGenerator<Task> {
    return everyItem((page) => this.list({ ...filter, ...page }, options), filter)
  }

  /**
   * Changes a task that has not started, or that waits between two attempts. Fields that are absent stay unchanged.
   * With `ifMatch` the edit applies only if the task has not changed since it was read, and throws
   * `PRECONDITION_FAILED` otherwise. Throws `TASK_STATE_CONFLICT` in other states.
   */
  async edit(
    task: TaskRef,
    changes: TaskChanges,
    { ifMatch, signal }: RequestOptions & { readonly ifMatch?: string | undefined } = {},
  ): Promise<Task> {
    const { body } = await this.#transport.call<Task>({
      method: 'PATCH',
      path: `/v1/tasks/${idOf(task)}`,
      body: changes,
      headers: { 'if-match': ifMatch },
      signal,
    })
    return body
  }

  /**
   * Cancels a task. A waiting task is `cancelled` at once. A running task stays `running` until its handler stops,
   * which its `AbortSignal` requests. Throws `TASK_STATE_CONFLICT` for a finished task.
   */
  cancel(task: TaskRef, options: RequestOptions & { readonly reason?: string } = {}): Promise<Task> {
    return this.#act(task, 'cancel', { reason: options.reason }, options.signal)
  }

  /**
   * Sends a finished task back to its queue with a new count of attempts, and with another payload if you give one.
   * Throws `TASK_STATE_CONFLICT` for an unfinished task.
   */
  redrive(task: TaskRef, options: RequestOptions & { readonly payload?: unknown } = {}): Promise<Task> {
    return this.#act(task, 'redrive', { payload: options.payload }, options.signal)
  }

  /** Returns one page of the task's attempts, oldest first. `everyItem` reads all pages. */
  async attempts(task: TaskRef, { limit, cursor, signal }: PageRequest & RequestOptions = {}): Promise<Page<Attempt>> {
    return (await this.#read<Page<Attempt>>(`/v1/tasks/${idOf(task)}/attempts`, { limit, cursor }, signal)).body
  }

  /** Returns one page of the task's history, oldest first. `everyItem` reads all pages. */
  async events(task: TaskRef, { limit, cursor, signal }: PageRequest & RequestOptions = {}): Promise<Page<TaskEvent>> {
    return (await this.#read<Page<TaskEvent>>(`/v1/tasks/${idOf(task)}/events`, { limit, cursor }, signal)).body
  }

  /** Returns one page of the handler's log lines, oldest first. Pass the last line's cursor as `after` to read on. */
  async logs(task: TaskRef, { after, limit, signal }: LogRequest = {}): Promise<Page<LogLine>> {
    return (await this.#read<Page<LogLine>>(`/v1/tasks/${idOf(task)}/logs`, { cursor: after, limit }, signal)).body
  }

  #read<Body>(path: string, query: Query, signal: AbortSignal | undefined, heldMs = 0) {
    return this.#transport.call<Body>({ method: 'GET', path, query, signal, heldMs })
  }

  async #act(task: TaskRef, verb: string, body: unknown, signal: AbortSignal | undefined): Promise<Task> {
    const path = `/v1/tasks/${idOf(task)}/${verb}`
    return (await this.#transport.call<Task>({ method: 'POST', path, body, signal })).body
  }
}

function queryOf({ state, labels = {}, ...rest }: TaskFilter): Query {
  const byLabel = Object.fromEntries(Object.entries(labels).map(([name, value]) => [`label.${name}`, value]))
  return { ...rest, state: typeof state === 'string' ? [state] : state, ...byLabel }
}

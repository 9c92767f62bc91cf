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

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined
}

export interface SubmitRequest extends RequestOptions {
  /** The same key and the same task give the same task again. Made up for each call but streams where absent. */
  readonly idempotencyKey?: string
}

export interface SubmitManyRequest extends SubmitRequest {
  /** Tasks of one request, which is all or nothing: 1 to 10,000, and 64 MiB together. Default 1,000. */
  readonly chunkSize?: number
}

/** What became of one task of a stream. `line` is its place, from 1. */
export type StreamedTask =
  | { readonly line: number; readonly id: string; readonly error?: undefined }
  | { readonly line: number; readonly id?: undefined; readonly error: Problem }

export interface TaskFilter extends PageRequest {
  readonly state?: TaskState | readonly TaskState[]
  readonly queue?: string
  readonly type?: string
  readonly priority?: Priority
  readonly labels?: Readonly<Record<string, string>>
  readonly createdBy?: string
  readonly createdAfter?: string
  readonly createdBefore?: string
  /** Part of a title, description or type. */
  readonly q?: string
  readonly include?: readonly ('payload' | 'result')[]
}

export interface LogRequest extends RequestOptions {
  /** The cursor of the last line already had. */
  readonly after?: string | undefined
  readonly limit?: number
}

/** A task's id, or the task itself, which also carries the type of its result. */
export type TaskRef<Result = unknown> = string | Pick<Task<Result>, 'id' | 'result'>

const idOf = (task: TaskRef): string => encodeURIComponent(typeof task === 'string' ? task : task.id)

/** `client.tasks`: the life of tasks, one method a verb. */
export class Tasks {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Durable once it resolves. Tried again when the connection fails, and never stored twice. */
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
   * Resolves with the ids, in order. Each chunk is all or nothing; when one is refused, those before it
   * stand. Given an idempotencyKey, the same call can then be repeated without storing them twice.
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
   * Submits without end and without holding it all: reads the tasks as the server takes them, and yields
   * what became of each as the server tells. One bad task is refused alone. A connection that breaks ends
   * it; what was yielded stands, and the same stream under the same idempotencyKey stores nothing twice.
   * Needs a fetch that can send streams (Node.js, Deno, Bun).
   */
  submitStream(
    tasks: Iterable<NewTask> | AsyncIterable<NewTask>,
    { idempotencyKey, signal }: SubmitRequest = {},
  ): AsyncGenerator<StreamedTask> {
    // None is made up: a stream is never tried again by itself, and a key costs the server a row for each task.
    const headers = { 'idempotency-key': idempotencyKey }
    return this.#transport.stream({ method: 'POST', path: '/v1/tasks/batch', headers, signal }, tasks)
  }

  /** With `waitMs` the server holds the reply until the task has finished or the time is up. */
  async get<Result>(
    task: TaskRef<Result>,
    { waitMs, signal }: RequestOptions & { readonly waitMs?: number } = {},
  ): Promise<Task<Result>> {
    const path = `/v1/tasks/${idOf(task)}`
    const { body } = await this.#read<Task<Result>>(path, { waitMs }, signal, waitMs)
    return body
  }

  /** With the tag that `edit` takes as `ifMatch`. */
  async getWithTag<Result>(
    task: TaskRef<Result>,
    { signal }: RequestOptions = {},
  ): Promise<{ task: Task<Result>; etag: string | undefined }> {
    const { body, headers } = await this.#read<Task<Result>>(`/v1/tasks/${idOf(task)}`, {}, signal)
    return { task: body, etag: headers.get('etag') ?? undefined }
  }

  /** Resolves with the finished task, however it ended. Throws WAIT_TIMED_OUT. */
  wait<Result>(task: TaskRef<Result>, options?: WaitOptions): Promise<Task<Result>> {
    return waitForEnd((waitMs, signal) => this.get(task, { waitMs, signal }), options)
  }

  /** Waits, and throws TaskFailedError for a task that failed or was cancelled. */
  async result<Result>(task: TaskRef<Result>, options?: WaitOptions): Promise<Result> {
    const finished = await this.wait(task, options)
    if (finished.state !== 'succeeded') throw new TaskFailedError(finished)
    return finished.result as Result
  }

  /** One page, newest first. */
  async list(filter: TaskFilter = {}, { signal }: RequestOptions = {}): Promise<Page<Task>> {
    const { body } = await this.#read<Page<Task>>('/v1/tasks', queryOf(filter), signal)
    return body
  }

  /** Every page, one after the other, as they are needed. */
  listAll(filter: TaskFilter = {}, options: RequestOptions = {}): AsyncGenerator<Task> {
    return everyItem((page) => this.list({ ...filter, ...page }, options), filter)
  }

  /** Changes a task that has not started. With `ifMatch`, only if it is still as it was read. */
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

  /** Final at once for a waiting task; a running one is asked to stop. */
  cancel(task: TaskRef, options: RequestOptions & { readonly reason?: string } = {}): Promise<Task> {
    return this.#act(task, 'cancel', { reason: options.reason }, options.signal)
  }

  /** Sends a finished task back to its queue, attempts counted anew. */
  redrive(task: TaskRef, options: RequestOptions & { readonly payload?: unknown } = {}): Promise<Task> {
    return this.#act(task, 'redrive', { payload: options.payload }, options.signal)
  }

  /** Oldest first, one page, as with events and logs; `everyItem` reads them all. */
  async attempts(task: TaskRef, { limit, cursor, signal }: PageRequest & RequestOptions = {}): Promise<Page<Attempt>> {
    return (await this.#read<Page<Attempt>>(`/v1/tasks/${idOf(task)}/attempts`, { limit, cursor }, signal)).body
  }

  async events(task: TaskRef, { limit, cursor, signal }: PageRequest & RequestOptions = {}): Promise<Page<TaskEvent>> {
    return (await this.#read<Page<TaskEvent>>(`/v1/tasks/${idOf(task)}/events`, { limit, cursor }, signal)).body
  }

  /** Lines after the one that `after` is the cursor of, also those yet to come. */
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

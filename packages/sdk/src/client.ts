import type { ApiKey, CreatedApiKey, Health, Me, NewApiKey, Page, Queue, Worker } from './api-types.ts'
import type { PageRequest } from './pages.ts'
import { Tasks } from './tasks.ts'
import { type Transport, transport } from './transport.ts'

/** How a client reaches its server. All fields are optional. */
export interface TaskFlowOptions {
  /** The address of the server, with http or https. Default: `http://127.0.0.1:8080`. */
  readonly url?: string | undefined
  /** An API key, `tf_…`. Without it only `health()` works. */
  readonly token?: string | undefined
  /** The fetch function to use instead of the global one, for tests and proxies. */
  readonly fetch?: typeof globalThis.fetch
  /** The longest wait for one reply, in milliseconds. `waitMs` of a request is added. Default: 30,000. */
  readonly timeoutMs?: number
  /** How often a read or a submission is repeated after a failure. Default: 4, enough for a restart of the server. */
  readonly retries?: number
}

/**
 * A client of a TaskFlow server.
 *
 *     const taskflow = new TaskFlow({ url: 'http://127.0.0.1:8080', token: process.env.TASKFLOW_TOKEN })
 *     const task = await taskflow.tasks.submit(buildReport, { customer: 'acme' })
 *     const report = await taskflow.tasks.result(task)
 *
 * Methods throw `TaskFlowApiError`; branch on its `code`. The client repeats reads and submissions when the connection
 * fails or the server replies 408, 429, 502, 503 or 504. The constructor throws a TypeError when `url` is not an address.
 */
export class TaskFlow {
  readonly tasks: Tasks
  readonly workers: Workers
  readonly queues: Queues
  readonly apiKeys: ApiKeys
  readonly #transport: Transport

  constructor(options: TaskFlowOptions = {}) {
    const { url = 'http://127.0.0.1:8080', token, fetch = globalThis.fetch, timeoutMs = 30_000, retries = 4 } = options
    this.#transport = transport({ url, token, fetch, timeoutMs, retries })
    this.tasks = new Tasks(this.#transport)
    this.workers = workers(this.#transport)
    this.queues = queues(this.#transport)
    this.apiKeys = apiKeys(this.#transport)
  }

  /** Returns whether the server works, with the state of its database, broker and worker. Needs no API key. */
  health(): Promise<Health> {
    return read(this.#transport, '/health')
  }

  /** Returns the name, role and project of the API key. Throws `UNAUTHENTICATED` when the key is missing or wrong. */
  me(): Promise<Me> {
    return read(this.#transport, '/v1/me')
  }
}

/**
 * `client.workers`: the workers of the project. Methods with an `id` throw `WORKER_NOT_FOUND` for an unknown id;
 * `cordon`, `uncordon` and `drain` throw `WORKER_STATE_CONFLICT` for a worker that has stopped or is lost.
 */
export interface Workers {
  /** Returns one page of workers, newest first. Stopped and lost workers are listed for one day. */
  list(page?: PageRequest): Promise<Page<Worker>>
  /** Returns one worker with the tasks it runs, at most 200 of them. */
  get(id: string): Promise<Worker>
  /** Stops the worker from taking tasks. Its running attempts continue. */
  cordon(id: string): Promise<Worker>
  /** Lets a cordoned or drained worker claim tasks again. */
  uncordon(id: string): Promise<Worker>
  /**
   * Stops the worker from taking tasks. After the worker's drain time (10 s by default) it releases the tasks that
   * have not finished, without using an attempt.
   */
  drain(id: string): Promise<Worker>
}

const workers = (transport: Transport): Workers => {
  const pathOf = (id: string): string => `/v1/workers/${encodeURIComponent(id)}`
  const request = async (id: string, verb: string): Promise<Worker> =>
    (await transport.call<Worker>({ method: 'POST', path: `${pathOf(id)}/${verb}` })).body
  return {
    list: (page = {}) => read(transport, '/v1/workers', page),
    get: (id) => read(transport, pathOf(id)),
    cordon: (id) => request(id, 'cordon'),
    uncordon: (id) => request(id, 'uncordon'),
    drain: (id) => request(id, 'drain'),
  }
}

/** `client.queues`: the queues of the project. A queue exists from its first task on. */
export interface Queues {
  /** Returns one page of queues with their unfinished tasks by state, as last counted (see `countedAt`). */
  list(page?: PageRequest): Promise<Page<Queue>>
  /** Returns one queue. Throws `QUEUE_NOT_FOUND`. */
  get(name: string): Promise<Queue>
}

const queues = (transport: Transport): Queues => ({
  list: (page = {}) => read(transport, '/v1/queues', page),
  get: (name) => read(transport, `/v1/queues/${encodeURIComponent(name)}`),
})

/** `client.apiKeys`: the API keys of the project. All methods need the role `admin`. */
export interface ApiKeys {
  /** Creates a key. Only this reply contains the secret: the server does not store it, so a lost secret is gone. */
  create(key: NewApiKey): Promise<CreatedApiKey>
  /** Returns one page of keys, without their secrets. */
  list(page?: PageRequest): Promise<Page<ApiKey>>
  /** Makes a key invalid, for ever. Throws `API_KEY_NOT_FOUND`. */
  revoke(id: string): Promise<ApiKey>
}

const apiKeys = (transport: Transport): ApiKeys => ({
  create: async (key) =>
    (await transport.call<CreatedApiKey>({ method: 'POST', path: '/v1/api-keys', body: key })).body,
  list: (page = {}) => read(transport, '/v1/api-keys', page),
  revoke: async (id) =>
    (await transport.call<ApiKey>({ method: 'DELETE', path: `/v1/api-keys/${encodeURIComponent(id)}` })).body,
})

async function read<Body>(transport: Transport, path: string, query: PageRequest = {}): Promise<Body> {
  return (await transport.call<Body>({ method: 'GET', path, query: { ...query } })).body
}

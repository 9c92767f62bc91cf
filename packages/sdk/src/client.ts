import type { ApiKey, CreatedApiKey, Health, Me, NewApiKey, Page, Queue, Worker } from './api-types.ts'
import type { PageRequest } from './pages.ts'
import { Tasks } from './tasks.ts'
import { type Transport, transport } from './transport.ts'

export interface TaskFlowOptions {
  /** Default: `http://127.0.0.1:8080`. */
  readonly url?: string | undefined
  /** An API key. */
  readonly token?: string | undefined
  /** For tests, proxies and runtimes without a global one. */
  readonly fetch?: typeof globalThis.fetch
  /** For each reply; time that a reply is held on purpose comes on top. Default: 30 s. */
  readonly timeoutMs?: number
  /** Tries after the first, of reads and submissions. Default: 4, which bridges a restart of the server. */
  readonly retries?: number
}

/**
 * The client of a TaskFlow server.
 *
 *     const taskflow = new TaskFlow({ url, token })
 *     const task = await taskflow.tasks.submit(buildReport, { customer: 'acme' })
 *     const report = await taskflow.tasks.result(task)
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

  /** Whether the server is alive, with the state of its database. Needs no credentials. */
  health(): Promise<Health> {
    return read(this.#transport, '/health')
  }

  /** Who the token belongs to. */
  me(): Promise<Me> {
    return read(this.#transport, '/v1/me')
  }
}

export interface Workers {
  /** Newest first; those that ended are listed for a day. */
  list(page?: PageRequest): Promise<Page<Worker>>
  get(id: string): Promise<Worker>
  /** It takes nothing more; what it runs goes on. */
  cordon(id: string): Promise<Worker>
  /** It takes tasks again, also after a drain. */
  uncordon(id: string): Promise<Worker>
  /** It takes nothing more, and hands back what does not end in time, without using an attempt. */
  drain(id: string): Promise<Worker>
}

const workers = (transport: Transport): Workers => {
  const pathOf = (id: string): string => `/v1/workers/${encodeURIComponent(id)}`
  const ask = async (id: string, verb: string): Promise<Worker> =>
    (await transport.call<Worker>({ method: 'POST', path: `${pathOf(id)}/${verb}` })).body
  return {
    list: (page = {}) => read(transport, '/v1/workers', page),
    get: (id) => read(transport, pathOf(id)),
    cordon: (id) => ask(id, 'cordon'),
    uncordon: (id) => ask(id, 'uncordon'),
    drain: (id) => ask(id, 'drain'),
  }
}

export interface Queues {
  list(page?: PageRequest): Promise<Page<Queue>>
  get(name: string): Promise<Queue>
}

const queues = (transport: Transport): Queues => ({
  list: (page = {}) => read(transport, '/v1/queues', page),
  get: (name) => read(transport, `/v1/queues/${encodeURIComponent(name)}`),
})

export interface ApiKeys {
  /** The reply alone carries the secret: it is stored nowhere, and a lost one is replaced, not found. */
  create(key: NewApiKey): Promise<CreatedApiKey>
  list(page?: PageRequest): Promise<Page<ApiKey>>
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

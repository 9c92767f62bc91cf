import { EventEmitter, once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import type { ApiKey, LogLine, NewTask, Task, Worker } from '@taskflow/sdk'
import { PROJECT } from './factories.ts'

/** What the contract server answers to what. Only as true to the contract as a client can notice. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Answer {
  readonly status: number
  /** A string is sent as plain text, anything else as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export function contractState() {
  const tasks = new Map<string, Task>()
  const workers = new Map<string, Worker>()
  /** `add` and `read` carry the task; `change` wakes whoever waits. */
  const changes = new EventEmitter().setMaxListeners(0)
  return {
    tasks,
    workers,
    changes,
    logs: new Map<string, LogLine[]>(),
    keys: new Map<string, ApiKey>(),
    replies: new Map<string, { body: string; answer: Answer }>(),
    /** Adds a task as given, the rest made up. */
    add(task: Partial<Task> | NewTask = {}): Task {
      const added = { ...BLANK, id: idAt(tasks.size + 1), ...task } as Task
      tasks.set(added.id, added)
      changes.emit('add', added)
      return added
    },
    /** Adds a worker as given, the rest made up. */
    addWorker(worker: Partial<Worker> = {}): Worker {
      const added = { ...IDLE_WORKER, id: idAt(500 + workers.size), ...worker }
      workers.set(added.id, added)
      return added
    },
    /** Changes a task, and wakes whoever waits for it. */
    change(id: string, change: Partial<Task>): Task {
      const changed = { ...(tasks.get(id) ?? BLANK), ...change }
      tasks.set(id, changed)
      changes.emit('change')
      return changed
    },
  }
}

type State = ReturnType<typeof contractState>

const MOMENT = '2026-01-02T03:04:05.678Z'

const BLANK: Task = {
  id: '',
  project: PROJECT,
  type: 'report.build',
  queue: 'default',
  state: 'queued',
  priority: 'normal',
  payload: null,
  result: null,
  error: null,
  attempt: 0,
  maxAttempts: 5,
  crashCount: 0,
  retry: null,
  timeouts: null,
  retentionMs: null,
  labels: {},
  title: null,
  description: null,
  runAt: null,
  createdAt: MOMENT,
  createdBy: 'admin',
  queuedAt: MOMENT,
  startedAt: null,
  finishedAt: null,
  cancelRequestedAt: null,
  workerId: null,
  progress: null,
}

const IDLE_WORKER: Worker = {
  id: '',
  project: PROJECT,
  name: 'w1',
  host: 'host-1',
  pid: 42,
  version: '0.1.0',
  labels: {},
  queues: ['default'],
  types: ['report.build'],
  slots: 10,
  state: 'active',
  running: [],
  loopLagMs: 0,
  sinceFetchMs: 0,
  startedAt: MOMENT,
  heartbeatAt: MOMENT,
}

const idAt = (n: number): string => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`

const FINISHED = ['succeeded', 'failed', 'cancelled']

export function problem(status: number, code: string, detail: string, more: object = {}): Answer {
  return { status, body: { type: `/docs/errors#${code}`, title: code, status, code, detail, ...more } }
}

type Route = (state: State, asked: Asked, id: string) => Answer | Promise<Answer>

const ROUTES: readonly (readonly [pattern: string, route: Route])[] = [
  [
    'POST /v1/tasks',
    (state, asked) => replayable(state, asked, () => created(state.add(JSON.parse(asked.body) as NewTask))),
  ],
  ['POST /v1/tasks/batch', submitBatch],
  ['GET /v1/tasks', listTasks],
  ['GET /v1/tasks/:id', getTask],
  ['PATCH /v1/tasks/:id', editTask],
  [
    'POST /v1/tasks/:id/cancel',
    (state, _, id) => leave(state, id, 'cancel', { state: 'cancelled', finishedAt: MOMENT }),
  ],
  ['POST /v1/tasks/:id/redrive', (state, _, id) => leave(state, id, 'redrive', { state: 'queued', attempt: 0 })],
  ['GET /v1/tasks/:id/attempts', (state, _, id) => page(attemptsOf(state.tasks.get(id)))],
  ['GET /v1/tasks/:id/events', (state, _, id) => page(eventsOf(state.tasks.get(id)))],
  ['GET /v1/tasks/:id/logs', listLogs],
  ['GET /v1/workers', (state) => page([...state.workers.values()])],
  ['GET /v1/workers/:id', (state, _, id) => workerOr404(state, id, ok)],
  ['POST /v1/workers/:id/cordon', (state, _, id) => steer(state, id, 'cordon', 'cordoned')],
  ['POST /v1/workers/:id/uncordon', (state, _, id) => steer(state, id, 'uncordon', 'active')],
  ['POST /v1/workers/:id/drain', (state, _, id) => steer(state, id, 'drain', 'draining')],
  ['GET /v1/queues', (state) => page(state.tasks.size > 0 ? [QUEUE] : [])],
  [
    'GET /v1/queues/:id',
    (_, __, id) => (id === QUEUE.name ? ok(QUEUE) : problem(404, 'QUEUE_NOT_FOUND', `No queue ${id}`)),
  ],
  ['GET /v1/api-keys', (state) => page([...state.keys.values()])],
  ['POST /v1/api-keys', createKey],
  ['DELETE /v1/api-keys/:id', revokeKey],
  ['GET /v1/me', () => ok({ actor: 'admin', role: 'admin', project: PROJECT })],
  [
    'GET /health',
    () =>
      ok({
        status: 'ok',
        database: 'up',
        broker: 'none',
        worker: { state: 'active', sinceFetchMs: 120 },
        version: '0.1.0',
        roles: ['api', 'worker'],
        uptimeMs: 61_000,
      }),
  ],
]

const QUEUE = {
  name: 'default',
  depth: { queued: 3, running: 1 },
  oldestQueuedMs: 4_200,
  throughput: { succeeded: 60, failed: 1, cancelled: 0 },
  countedAt: MOMENT,
}

export async function answer(state: State, asked: Asked): Promise<Answer> {
  for (const [pattern, route] of ROUTES) {
    const [method, path = ''] = pattern.split(' ')
    const match = new RegExp(`^${path.replace(':id', '([^/]+)')}$`).exec(asked.path)
    if (method === asked.method && match) return route(state, asked, decodeURIComponent(match[1] ?? ''))
  }
  return problem(404, 'ROUTE_NOT_FOUND', `No such address: ${asked.method} ${asked.path}`)
}

const ok = (body: unknown, headers: Record<string, string> = {}): Answer => ({ status: 200, body, headers })
const created = (body: unknown): Answer => ({ status: 201, body })
const page = (items: readonly unknown[], nextCursor: string | null = null): Answer => ok({ items, nextCursor })
const missing = (id: string): Answer =>
  problem(404, 'TASK_NOT_FOUND', `No task ${id} in this project`, { hint: 'Check the id.' })

/** The same key and body give the first reply again; another body is refused. */
function replayable(state: State, { headers, body, path }: Asked, act: () => Answer): Answer {
  const key = headers['idempotency-key']
  const first = state.replies.get(`${path} ${key}`)
  if (first && first.body !== body) return problem(409, 'IDEMPOTENCY_CONFLICT', `Key ${key} was used with another body`)
  if (first) return { ...first.answer, headers: { 'idempotent-replayed': 'true' } }
  const answered = act()
  if (key !== undefined) state.replies.set(`${path} ${key}`, { body, answer: answered })
  return answered
}

function submitBatch(state: State, asked: Asked): Answer {
  if (asked.headers['content-type'] === 'application/x-ndjson') return submitLines(state, asked.body)
  const { tasks } = JSON.parse(asked.body) as { tasks: NewTask[] }
  return replayable(state, asked, () => created({ ids: tasks.map((task) => state.add(task).id) }))
}

function submitLines(state: State, body: string): Answer {
  const lines = body.split('\n').filter((line) => line !== '')
  const results = lines.map((text, index) => {
    const task = JSON.parse(text) as NewTask
    const line = index + 1
    if (task.type) return { line, id: state.add(task).id }
    return { line, error: { code: 'REQUEST_MALFORMED', detail: 'Expected `type` to be a string' } }
  })
  return { status: 201, body: results.map((result) => `${JSON.stringify(result)}\n`).join('') }
}

function listTasks(state: State, { query }: Asked): Answer {
  const limit = Number(query.get('limit') ?? 50)
  const start = Number(query.get('cursor') ?? 0)
  const states = query.get('state')?.split(',')
  const all = [...state.tasks.values()].reverse().filter((task) => !states || states.includes(task.state))
  return page(all.slice(start, start + limit), start + limit < all.length ? String(start + limit) : null)
}

async function getTask(state: State, { query }: Asked, id: string): Promise<Answer> {
  const task = state.tasks.get(id)
  if (!task) return missing(id)
  const waitMs = Number(query.get('waitMs') ?? 0)
  state.changes.emit('read', task)
  if (waitMs > 0 && !FINISHED.includes(task.state)) {
    await once(state.changes, 'change', { signal: AbortSignal.timeout(waitMs) }).catch(() => undefined)
  }
  return ok(state.tasks.get(id), { etag: `"${state.tasks.get(id)?.title}"` })
}

function editTask(state: State, { headers, body }: Asked, id: string): Answer {
  const task = state.tasks.get(id)
  if (!task) return missing(id)
  if (headers['if-match'] && headers['if-match'] !== `"${task.title}"`) {
    return problem(412, 'PRECONDITION_FAILED', `Task ${id} changed since it was read`)
  }
  return ok(state.change(id, JSON.parse(body) as Partial<Task>))
}

function leave(state: State, id: string, verb: 'cancel' | 'redrive', change: Partial<Task>): Answer {
  const task = state.tasks.get(id)
  if (!task) return missing(id)
  const isAllowed = FINISHED.includes(task.state) === (verb === 'redrive')
  if (!isAllowed) return problem(409, 'TASK_STATE_CONFLICT', `Cannot ${verb} task ${id}: it is ${task.state}`)
  return ok(state.change(id, change))
}

function workerOr404(state: State, id: string, answer: (worker: Worker) => Answer): Answer {
  const worker = state.workers.get(id)
  return worker ? answer(worker) : problem(404, 'WORKER_NOT_FOUND', `There is no worker ${id}`)
}

const steer = (state: State, id: string, verb: string, next: Worker['state']): Answer =>
  workerOr404(state, id, (worker) => {
    if (worker.state === 'stopped' || worker.state === 'lost')
      return problem(409, 'WORKER_STATE_CONFLICT', `Cannot ${verb} worker ${id}: it is ${worker.state}`)
    state.workers.set(id, { ...worker, state: next })
    return ok(state.workers.get(id))
  })

const WORKER = '01900000-0000-7000-8000-00000000beef'

const attemptsOf = (task: Task | undefined) =>
  task && task.attempt > 0
    ? [
        {
          id: task.id,
          attempt: 1,
          workerId: WORKER,
          startedAt: MOMENT,
          endedAt: MOMENT,
          outcome: 'failed',
          error: task.error,
        },
      ]
    : []

const eventsOf = (task: Task | undefined) =>
  task ? [{ kind: 'task.created', at: MOMENT, actor: 'admin', detail: { type: task.type } }] : []

function listLogs(state: State, { query }: Asked, id: string): Answer {
  if (!state.tasks.has(id)) return missing(id)
  const after = Number(query.get('cursor') ?? 0)
  return page((state.logs.get(id) ?? []).filter((line) => Number(line.cursor) > after))
}

function createKey(state: State, { body }: Asked): Answer {
  const { name, role, expiresAt = null } = JSON.parse(body) as Pick<ApiKey, 'name' | 'role' | 'expiresAt'>
  const key: ApiKey = {
    id: idAt(900 + state.keys.size),
    name,
    role,
    expiresAt,
    createdAt: MOMENT,
    revokedAt: null,
    lastUsedAt: null,
  }
  state.keys.set(key.id, key)
  return created({ ...key, secret: 'tf_secret' })
}

function revokeKey(state: State, _: Asked, id: string): Answer {
  const key = state.keys.get(id)
  if (!key) return problem(404, 'API_KEY_NOT_FOUND', `No API key ${id}`)
  const revoked = { ...key, revokedAt: MOMENT }
  state.keys.set(id, revoked)
  return ok(revoked)
}

import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '@taskflow/testing/free-port'
import { celeryWorker } from './contenders.ts'
import { withClient } from './postgres.ts'
import { ADMIN_TOKEN, type Server, startPython, startTaskFlow } from './processes.ts'
import type { Bench } from './scenario.ts'

/** A system with an HTTP API, at work on an empty store. */
export interface ApiSystem {
  readonly api: Server
  /** Until no task is unfinished. */
  untilSettled(): Promise<void>
}

/** How the processes reach the database. */
export interface Way {
  readonly url: string
  stop(): Promise<void>
}

const LOOK_MS = 10
// Where looking costs those who are measured.
const SELDOM_LOOK_MS = 50
const PATIENCE_MS = 60_000

/** TaskFlow on PostgreSQL with each role in a process of its own; they reach it by `wayTo`, or directly. */
export function withTaskFlow<Result>(
  { stores, profileDir }: Bench,
  work: (system: ApiSystem) => Promise<Result>,
  wayTo: (url: string) => Promise<Way> = async (url) => ({ url, async stop() {} }),
): Promise<Result> {
  return stores.with('PostgreSQL', async ({ url = '' }) => {
    const way = await wayTo(url)
    const servers: Server[] = []
    try {
      for (const role of ['api', 'coordinator', 'worker'] as const)
        servers.push(await startTaskFlow({ TASKFLOW_DATABASE_URL: way.url }, { roles: [role], profileDir }))
      return await work({ api: servers[0] as Server, untilSettled: () => untilNone(url, 'select from task') })
    } finally {
      await Promise.all(servers.map((server) => server.stop()))
      await way.stop()
    }
  })
}

/** TaskFlow in one process on PGlite, which nobody else can ask. */
export function withEmbedded<Result>(
  { stores, profileDir }: Bench,
  work: (system: ApiSystem) => Promise<Result>,
): Promise<Result> {
  return stores.with('PGlite', async ({ env }) => {
    const api = await startTaskFlow(env, { profileDir })
    try {
      return await work({ api, untilSettled: () => untilNoneListed(api.url) })
    } finally {
      await api.stop()
    }
  })
}

/** The original design: `python/original_app.py` by two processes of uvicorn and two of Celery. */
export function withOriginalDesign<Result>(
  bench: Bench,
  work: (system: ApiSystem) => Promise<Result>,
): Promise<Result> {
  return bench.stores.withPlace(['postgresql', 'redis'], async ({ postgresUrl, redisUrl }) => {
    const env = { POSTGRES_URL: postgresUrl, REDIS_URL: redisUrl, TOKEN: ADMIN_TOKEN }
    const python = bench.python()
    const port = await freePort()
    await startPython(python, 'python', ['original_app.py'], env).ended
    const servers = [
      startPython(python, 'uvicorn', uvicorn(port), env),
      startPython(python, 'celery', celeryWorker('original_app:worker'), env),
    ] as const
    const api = { ...servers[0], url: `http://127.0.0.1:${port}` }
    try {
      await Promise.race([untilListening(api.url), ...servers.map(({ failed }) => failed)])
      return await work({ api, untilSettled: () => untilNone(postgresUrl, `select from task where state = 'queued'`) })
    } finally {
      await Promise.all(servers.map((server) => server.stop()))
    }
  })
}

const uvicorn = (port: number): string[] => [
  ...['original_app:app', '--host', '127.0.0.1', '--port', String(port), '--workers', '2'],
  ...['--no-access-log', '--log-level', 'warning'],
]

async function untilListening(url: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (
    !(await fetch(url).then(
      () => true,
      () => false,
    ))
  ) {
    if (performance.now() > deadline) throw new Error(`Nothing listens at ${url}`)
    await pause(LOOK_MS)
  }
}

/** Asked of the database, which costs the servers nothing. */
function untilNone(url: string, unfinished: string): Promise<void> {
  return withClient(url, (client) =>
    untilNot(LOOK_MS, async () => (await client.query(`select exists (${unfinished}) as has`)).rows[0].has),
  )
}

const untilNoneListed = (url: string): Promise<void> =>
  untilNot(SELDOM_LOOK_MS, async () => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
    const reply = await fetch(`${url}/v1/tasks?state=queued,running&limit=1`, { headers })
    return ((await reply.json()) as { items: unknown[] }).items.length > 0
  })

async function untilNot(lookMs: number, hasUnfinished: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (await hasUnfinished()) {
    if (performance.now() > deadline) throw new Error(`Tasks are unfinished after ${PATIENCE_MS} ms`)
    await pause(lookMs)
  }
}

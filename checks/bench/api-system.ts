import { TaskFlow } from '@taskflow/sdk'
import { freePort } from '@taskflow/testing/free-port'
import { withClient } from '@taskflow/testing/measuring/durable-postgres'
import { ADMIN_TOKEN } from '@taskflow/testing/start-taskflow'
import { eventually } from '@taskflow/testing/wait'
import { celeryWorker } from './contenders.ts'
import { type Server, startPython, startTaskFlow } from './processes.ts'
import type { Bench } from './scenario.ts'
import { asksWhether, untilNot } from './until-not.ts'

/** A running system with an HTTP API, on an empty store. */
export interface ApiSystem {
  readonly api: Server
  /** Resolves once no task is unfinished. */
  untilSettled(): Promise<void>
}

/** How the processes reach the database. */
export interface Way {
  readonly url: string
  stop(): Promise<void>
}

const LOOK_MS = 10
// Where looking costs the system that is measured.
const SELDOM_LOOK_MS = 50
const PATIENCE_MS = 60_000

/** TaskFlow on PostgreSQL with a process for each role; the processes reach PostgreSQL through `wayTo`, or directly. */
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

/** TaskFlow in one process on PGlite, which no other process can query. */
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

/** The original design: two processes of uvicorn and two of Celery run `python/original_app.py`. */
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

const untilListening = (url: string): Promise<boolean> =>
  eventually(
    () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    { timeoutMs: PATIENCE_MS, what: `${url} to answer` },
  )

const untilNone = (url: string, unfinished: string): Promise<void> =>
  withClient(url, (client) => untilNot(asksWhether(client, `select exists (${unfinished}) as has`), LOOK_MS))

const untilNoneListed = (url: string): Promise<void> => {
  const { tasks } = new TaskFlow({ url, token: ADMIN_TOKEN })
  return untilNot(
    async () => (await tasks.list({ state: ['queued', 'running'], limit: 1 })).items.length > 0,
    SELDOM_LOOK_MS,
  )
}

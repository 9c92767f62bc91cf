import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { problemReplies } from '@taskflow/http'
import type { Clock } from '@taskflow/kernel'
import type { WorkerHealth } from '@taskflow/worker'

/** Sources of the health of a process, besides its database. */
export interface HealthSources {
  /** Resolves when the broker answers. Absent if the database is the broker. */
  readonly pingBroker?: (() => Promise<void>) | undefined
  /** Returns the health of the worker, or undefined before its start. Absent in a process without a worker. */
  readonly workerHealth?: (() => WorkerHealth | undefined) | undefined
}

interface Deps extends HealthSources {
  /** Resolves when the database does what this process needs it for. */
  readonly pingDatabase: () => Promise<void>
  readonly clock: Clock
  readonly version: string
  readonly roles: readonly string[]
}

// Shorter than the usual timeout of a probe, which is a few seconds.
const PING_MS = 2_000

// Longer than the timeout of a fetch and of the retry after it.
const STALLED_MS = 15_000

// Task modules load in a fraction of this.
const SLOW_START_MS = 5_000

export const isStalled = ({ sinceFetchMs }: WorkerHealth): boolean => sinceFetchMs > STALLED_MS

/** Whether the worker takes no tasks, or not all of its types, though it should. */
const isHindered = (worker: WorkerHealth): boolean =>
  isStalled(worker) || worker.blockedMs > 0 || worker.startingMs > SLOW_START_MS

const viewOf = ({ state, sinceFetchMs, blockedMs, startingMs, loadingModule }: WorkerHealth) => ({
  state,
  sinceFetchMs: Math.round(sinceFetchMs),
  blockedMs: Math.round(blockedMs),
  startingMs: Math.round(startingMs),
  ...(loadingModule !== undefined && { loadingModule }),
})

/** Serves GET /health. */
export const healthRoute: FastifyPluginAsyncTypebox<Deps> = async (app, deps) => {
  const { pingDatabase, clock, version, roles, pingBroker, workerHealth } = deps
  const startedAt = clock.monotonicMs()

  async function stateOf(ping: () => Promise<void>): Promise<'up' | 'down'> {
    const answered = new AbortController()
    const pinged = ping().then(
      () => 'up' as const,
      () => 'down' as const,
    )
    const tooLate = clock.sleep(PING_MS, answered.signal).then(() => 'down' as const)
    return Promise.race([pinged, tooLate]).finally(() => answered.abort())
  }

  app.get(
    '/health',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'Check whether the process is alive',
        description:
          'Replies 200 while the process is alive, even if the database or the broker is unavailable, because a ' +
          'restart would not help. `status` is `degraded` while one of them is unavailable or the worker cannot ' +
          'fetch tasks, a handler blocks the event loop that handlers share, or the task modules do not load.',
        tags: ['system'],
        security: [],
        response: {
          200: Type.Object({
            status: Type.Enum(['ok', 'degraded']),
            database: Type.Enum(['up', 'down']),
            broker: Type.Enum(['up', 'down', 'none'], { description: '`none` if PostgreSQL is the broker' }),
            worker: Type.Optional(
              Type.Object(
                {
                  state: Type.Enum(['loading', 'registering', 'active', 'cordoned', 'draining']),
                  sinceFetchMs: Type.Integer({
                    description: 'Milliseconds since the last successful fetch; 0 while the worker is full or cordoned',
                  }),
                  blockedMs: Type.Integer({
                    description:
                      'Milliseconds for which a handler has blocked the shared event loop; 0 while it answers',
                  }),
                  startingMs: Type.Integer({
                    description:
                      'Milliseconds since the runner of the handlers began to start, or to crash again and again; ' +
                      '0 while it runs',
                  }),
                  loadingModule: Type.Optional(
                    Type.String({
                      description: 'Task module that is being imported, while the worker loads its modules',
                    }),
                  ),
                },
                { description: 'Worker of this process; absent without the role `worker`' },
              ),
            ),
            version: Type.String(),
            roles: Type.Array(Type.String()),
            uptimeMs: Type.Integer(),
          }),
          ...problemReplies([400, 406]),
        },
      },
    },
    async () => {
      const [database, broker] = await Promise.all([
        stateOf(pingDatabase),
        pingBroker ? stateOf(pingBroker) : ('none' as const),
      ])
      const worker = workerHealth?.()
      const isWell = database === 'up' && broker !== 'down' && !(worker && isHindered(worker))
      return {
        status: isWell ? ('ok' as const) : ('degraded' as const),
        database,
        broker,
        ...(worker && { worker: viewOf(worker) }),
        version,
        roles: [...roles],
        uptimeMs: Math.round(clock.monotonicMs() - startedAt),
      }
    },
  )
}

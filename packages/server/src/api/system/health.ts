import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { problemReplies } from '@taskflow/http'
import type { Clock } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import type { WorkerHealth } from '@taskflow/worker'

/** Who is asked, beside the database, how the process does. */
export interface HealthSources {
  /** Resolves when the broker answers; absent where the database is the broker. */
  readonly pingBroker?: (() => Promise<void>) | undefined
  /** How the worker of this process does, undefined unless started; absent in a process without one. */
  readonly workerHealth?: (() => WorkerHealth | undefined) | undefined
}

interface Deps extends HealthSources {
  readonly storage: Pick<Storage, 'ping'>
  readonly clock: Clock
  readonly version: string
  readonly roles: readonly string[]
}

// A probe commonly gives up after a few seconds; the reply must come before.
const PING_MS = 2_000

// By then the fetch loop has given up what it waited for, tried again, and not got through either.
const STALLED_MS = 15_000

export const isStalled = ({ sinceFetchMs }: WorkerHealth): boolean => sinceFetchMs > STALLED_MS

/** GET /health */
export const healthRoute: FastifyPluginAsyncTypebox<Deps> = async (app, deps) => {
  const { storage, clock, version, roles, pingBroker, workerHealth } = deps
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
        summary: 'Whether the process is alive',
        description:
          'Answers 200 while it is, also when the database or the broker is away: restarting it would not help. ' +
          'It is degraded while one of them is, or while its worker cannot look for tasks.',
        tags: ['system'],
        security: [],
        response: {
          200: Type.Object({
            status: Type.Enum(['ok', 'degraded']),
            database: Type.Enum(['up', 'down']),
            broker: Type.Enum(['up', 'down', 'none'], { description: 'None where the database is the broker' }),
            worker: Type.Optional(
              Type.Object(
                {
                  state: Type.Enum(['registering', 'active', 'cordoned', 'draining']),
                  sinceFetchMs: Type.Integer({
                    description: 'Since it last looked for tasks with success; 0 while it rightly does not',
                  }),
                },
                { description: 'Of this process; absent without role `worker`' },
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
        stateOf(() => storage.ping()),
        pingBroker ? stateOf(pingBroker) : ('none' as const),
      ])
      const worker = workerHealth?.()
      const isWell = database === 'up' && broker !== 'down' && !(worker && isStalled(worker))
      return {
        status: isWell ? ('ok' as const) : ('degraded' as const),
        database,
        broker,
        ...(worker && { worker: { state: worker.state, sinceFetchMs: Math.round(worker.sinceFetchMs) } }),
        version,
        roles: [...roles],
        uptimeMs: Math.round(clock.monotonicMs() - startedAt),
      }
    },
  )
}

import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Clock, Storage } from '@taskflow/core'
import { problemReplies } from '../schemas/problem.ts'

interface Deps {
  readonly storage: Pick<Storage, 'ping'>
  readonly clock: Clock
  readonly version: string
  readonly roles: readonly string[]
}

// A probe commonly gives up after a few seconds; the reply must come before.
const PING_MS = 2_000

/** GET /health */
export const healthRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage, clock, version, roles }) => {
  const startedAt = clock.monotonicMs()

  async function isDatabaseUp(): Promise<boolean> {
    const answered = new AbortController()
    const ping = storage.ping().then(
      () => true,
      () => false,
    )
    const tooLate = clock.sleep(PING_MS, answered.signal).then(() => false)
    return Promise.race([ping, tooLate]).finally(() => answered.abort())
  }

  app.get(
    '/health',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'Whether the process is alive',
        description: 'Answers 200 while it is, also when the database is away: restarting it would not help.',
        tags: ['system'],
        security: [],
        response: {
          200: Type.Object({
            status: Type.Enum(['ok', 'degraded']),
            database: Type.Enum(['up', 'down']),
            version: Type.String(),
            roles: Type.Array(Type.String()),
            uptimeMs: Type.Integer(),
          }),
          ...problemReplies([400, 406]),
        },
      },
    },
    async () => {
      const isUp = await isDatabaseUp()
      return {
        status: isUp ? ('ok' as const) : ('degraded' as const),
        database: isUp ? ('up' as const) : ('down' as const),
        version,
        roles: [...roles],
        uptimeMs: Math.round(clock.monotonicMs() - startedAt),
      }
    },
  )
}

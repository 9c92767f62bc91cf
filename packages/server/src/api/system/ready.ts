import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Storage } from '@taskflow/core'
import { problemReplies } from '../schemas/problem.ts'

interface Deps {
  readonly storage: Pick<Storage, 'ping'>
}

/** GET /ready */
export const readyRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/ready',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'Whether the process can serve requests',
        description: 'Answers 503 while the database is away.',
        tags: ['system'],
        security: [],
        response: { 200: Type.Object({ status: Type.Enum(['ready']) }), ...problemReplies([400, 406, 503]) },
      },
    },
    async () => {
      await storage.ping()
      return { status: 'ready' as const }
    },
  )
}

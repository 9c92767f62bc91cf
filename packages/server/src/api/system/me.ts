import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { ROLES } from '@taskflow/core'
import { principalOf } from '../../auth/principal.ts'
import { problems } from '../schemas/problem.ts'

/** GET /v1/me */
export const meRoute: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/v1/me',
    {
      schema: {
        operationId: 'getMe',
        summary: 'Who the credentials belong to',
        tags: ['system'],
        response: {
          200: Type.Object({ actor: Type.String(), role: Type.Enum([...ROLES]), project: Type.String() }),
          ...problems(),
        },
      },
      config: { permission: 'any' },
    },
    async (request) => principalOf(request),
  )
}

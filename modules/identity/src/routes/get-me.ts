import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { principalOf, problems } from '@taskflow/http'
import { ROLES } from '@taskflow/http/access'

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

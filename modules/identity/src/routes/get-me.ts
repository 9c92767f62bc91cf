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
        summary: 'Get the caller',
        description: 'Returns who the credentials belong to, with the role and project of the caller.',
        tags: ['system'],
        response: {
          200: Type.Object(
            {
              actor: Type.String({ description: 'The name that `createdBy` and the history of tasks show' }),
              role: Type.Enum([...ROLES]),
              project: Type.String({ description: 'The project that the credentials give access to' }),
            },
            { examples: [{ actor: 'key:ci', role: 'submitter', project: 'default' }] },
          ),
          ...problems(),
        },
      },
      config: { permission: 'any' },
    },
    async (request) => principalOf(request),
  )
}

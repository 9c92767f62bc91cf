import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { KeyStore } from '@taskflow/core'
import type { Authenticator } from '../../auth/authenticator.ts'
import { principalOf } from '../../auth/principal.ts'
import { problems } from '../schemas/problem.ts'
import { Id, ref } from '../schemas/text.ts'
import { ApiKeyView, apiKeyView } from './api-key-view.ts'

interface Deps {
  readonly storage: Pick<KeyStore, 'revokeApiKey'>
  readonly authenticator: Pick<Authenticator, 'forget'>
}

/** DELETE /v1/api-keys/:id */
export const revokeApiKeyRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage, authenticator }) => {
  app.delete(
    '/v1/api-keys/:id',
    {
      schema: {
        operationId: 'revokeApiKey',
        summary: 'Revoke an API key',
        description: 'Within 5 seconds no process takes it any more. Revoking twice does nothing.',
        tags: ['api keys'],
        params: Type.Object({ id: Id }),
        response: { 200: ref(ApiKeyView), ...problems(404, 413, 415) },
      },
      config: { permission: 'apiKeys:manage' },
    },
    async (request) => {
      const key = await storage.revokeApiKey(principalOf(request).project, request.params.id)
      authenticator.forget()
      return apiKeyView(key)
    },
  )
}

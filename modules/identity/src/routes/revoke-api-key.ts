import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Id, principalOf, problems, ref } from '@taskflow/http'
import type { Authenticator } from '../authenticator.ts'
import type { KeyStore } from '../ports/key-store.ts'
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
        description:
          'Makes the key invalid. Every process rejects the key after one second at the latest. Revoking a key again changes nothing.',
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

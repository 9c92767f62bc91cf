import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { PageQuery, pageOf, principalOf, problems, ref, slicePage } from '@taskflow/http'
import { closed } from '@taskflow/validation'
import type { KeyStore } from '../ports/key-store.ts'
import { ApiKeyView, apiKeyView } from './api-key-view.ts'

interface Deps {
  readonly storage: Pick<KeyStore, 'listApiKeys'>
}

/** GET /v1/api-keys */
export const listApiKeysRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/v1/api-keys',
    {
      schema: {
        operationId: 'listApiKeys',
        summary: 'List API keys',
        description:
          'Returns a page of keys, oldest first, including revoked and expired keys. No key contains its secret.',
        tags: ['api keys'],
        querystring: closed(PageQuery),
        response: { 200: pageOf(ref(ApiKeyView)), ...problems() },
      },
      config: { permission: 'apiKeys:manage' },
    },
    async (request) => {
      const keys = await storage.listApiKeys(principalOf(request).project)
      return slicePage(request.query, keys.map(apiKeyView))
    },
  )
}

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { KeyStore } from '@taskflow/core'
import { closed } from '@taskflow/intake'
import { principalOf } from '../../auth/principal.ts'
import { slicePage } from '../cursor.ts'
import { PageQuery, pageOf } from '../schemas/page.ts'
import { problems } from '../schemas/problem.ts'
import { ref } from '../schemas/text.ts'
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
        description: 'Revoked and expired ones included; secrets never.',
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

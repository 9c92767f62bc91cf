import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { principalOf, problems, ref } from '@taskflow/http'
import { ROLES } from '@taskflow/http/access'
import type { Ids } from '@taskflow/kernel'
import { closed, malformedField, name } from '@taskflow/validation'
import type { KeyStore } from '../ports/key-store.ts'
import { hashSecret, newSecret } from '../secrets.ts'
import { apiKeyView, CreatedApiKeyView } from './api-key-view.ts'

interface Deps {
  readonly storage: Pick<KeyStore, 'createApiKey'>
  readonly ids: Ids
}

/** POST /v1/api-keys */
export const createApiKeyRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage, ids }) => {
  app.post(
    '/v1/api-keys',
    {
      schema: {
        operationId: 'createApiKey',
        summary: 'Create an API key',
        description:
          'Creates a key and returns its secret. TaskFlow stores only a hash, so no later request can return the secret again. For the same reason, this operation rejects an `Idempotency-Key`.',
        tags: ['api keys'],
        headers: Type.Object({ 'idempotency-key': Type.Optional(Type.String()) }),
        body: closed(
          {
            name: name('The name of the key'),
            role: Type.Enum([...ROLES], {
              description: 'The role of the key, which sets its permissions; each role includes the roles before it',
            }),
            expiresAt: Type.Optional(
              Type.String({
                format: 'date-time',
                description: 'When the key expires; without it, the key does not expire',
              }),
            ),
          },
          { examples: [{ name: 'ci', role: 'submitter', expiresAt: '2027-01-01T00:00:00Z' }] },
        ),
        response: { 201: ref(CreatedApiKeyView), ...problems(413, 415) },
      },
      config: { permission: 'apiKeys:manage' },
    },
    async (request, reply) => {
      if (request.headers['idempotency-key'] !== undefined) {
        throw malformedField(
          'headers',
          '/idempotency-key',
          'is not supported here, because the secret is returned only once: omit it',
        )
      }
      const { body } = request
      const secret = newSecret()
      const key = await storage.createApiKey({
        id: ids.next(),
        project: principalOf(request).project,
        name: body.name,
        role: body.role,
        hash: hashSecret(secret),
        expiresAt: body.expiresAt === undefined ? null : new Date(body.expiresAt),
      })
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ ...apiKeyView(key), secret })
    },
  )
}

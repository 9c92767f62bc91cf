import { type Static, Type } from '@fastify/type-provider-typebox'
import { Id, Moment } from '@taskflow/http'
import { ROLES } from '@taskflow/http/access'
import { iso } from '@taskflow/kernel'
import { nullable } from '@taskflow/validation'
import type { ApiKey } from '../ports/key-store.ts'

const FIELDS = {
  id: Id,
  name: Type.String({
    description: 'The name of the key; `createdBy` and the history of tasks show it as `key:<name>`',
  }),
  role: Type.Enum([...ROLES], {
    description: 'The role of the key, which sets its permissions; each role includes the roles before it',
  }),
  createdAt: Moment,
  expiresAt: nullable({ ...Moment, description: 'The key is invalid from then on; null when it does not expire' }),
  revokedAt: nullable({ ...Moment, description: 'The key is invalid since then; null when it is not revoked' }),
  lastUsedAt: nullable({ ...Moment, description: 'The last use, accurate to a minute; null before the first use' }),
}

const EXAMPLE = {
  id: '019b76da-a800-7e52-b1f4-0c9d83a6f27e',
  name: 'ci',
  role: 'submitter',
  createdAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2027-01-01T00:00:00.000Z',
  revokedAt: null,
  lastUsedAt: '2026-01-01T00:05:00.000Z',
}

/** An API key as the API shows it. */
export const ApiKeyView = Type.Object(FIELDS, { $id: 'ApiKey', examples: [EXAMPLE] })

/** A new API key with its secret. */
export const CreatedApiKeyView = Type.Object(
  {
    ...FIELDS,
    secret: Type.String({
      description: 'The secret to send as `Authorization: Bearer <secret>`; only this reply contains it',
    }),
  },
  {
    $id: 'CreatedApiKey',
    examples: [{ ...EXAMPLE, lastUsedAt: null, secret: 'tf_3q2-7wAbCdEfGhIjKlMnOpQrStUvWxYz0123456789A' }],
  },
)

export function apiKeyView(key: ApiKey): Static<typeof ApiKeyView> {
  return {
    ...key,
    createdAt: key.createdAt.toISOString(),
    expiresAt: iso(key.expiresAt),
    revokedAt: iso(key.revokedAt),
    lastUsedAt: iso(key.lastUsedAt),
  }
}

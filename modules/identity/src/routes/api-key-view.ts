import { type Static, Type } from '@fastify/type-provider-typebox'
import { Id, Moment } from '@taskflow/http'
import { ROLES } from '@taskflow/http/access'
import { iso } from '@taskflow/kernel'
import { nullable } from '@taskflow/validation'
import type { ApiKey } from '../ports/key-store.ts'

const FIELDS = {
  id: Id,
  name: Type.String(),
  role: Type.Enum([...ROLES]),
  createdAt: Moment,
  expiresAt: nullable(Moment),
  revokedAt: nullable(Moment),
  lastUsedAt: nullable(Moment),
}

export const ApiKeyView = Type.Object(FIELDS, { $id: 'ApiKey' })

export const CreatedApiKeyView = Type.Object(
  { ...FIELDS, secret: Type.String({ description: 'Shown here and never again' }) },
  { $id: 'CreatedApiKey' },
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

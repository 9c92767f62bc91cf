import { type ApiKey, type Database, type KeyStore, type Role, TaskFlowError } from '@taskflow/core'
import { createApiKey } from './queries/create-api-key.ts'
import { findPrincipal } from './queries/find-principal.ts'
import { listApiKeys } from './queries/list-api-keys.ts'
import { revokeApiKey } from './queries/revoke-api-key.ts'

export interface ApiKeyRow {
  id: string
  name: string
  role: string
  created_at: Date
  expires_at: Date | null
  revoked_at: Date | null
  last_used_at: Date | null
}

export function keyStore(db: Database): KeyStore {
  return {
    async createApiKey({ id, project, name, role, hash, expiresAt }) {
      const [row] = await db.run(createApiKey, [id, project, name, role, hash, expiresAt])
      return toApiKey(row as ApiKeyRow)
    },

    async listApiKeys(project) {
      const rows = await db.run(listApiKeys, [project])
      return rows.map(toApiKey)
    },

    async revokeApiKey(project, id) {
      const [row] = await db.run(revokeApiKey, [project, id])
      if (!row) throw new TaskFlowError('API_KEY_NOT_FOUND', `There is no API key ${id}`, { details: { id } })
      return toApiKey(row)
    },

    async findPrincipal(hash) {
      const [row] = await db.run(findPrincipal, [hash])
      return row && { actor: `key:${row.name}`, role: row.role as Role, project: row.project }
    },
  }
}

function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    role: row.role as Role,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  }
}

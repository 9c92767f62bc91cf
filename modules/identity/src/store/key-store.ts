import type { Database } from '@taskflow/database'
import type { Role } from '@taskflow/http/access'
import { TaskFlowError } from '@taskflow/kernel'
import type { ApiKey, KeyStore } from '../ports/key-store.ts'
import { createApiKey } from '../statements/create-api-key.ts'
import { findPrincipal } from '../statements/find-principal.ts'
import { listApiKeys } from '../statements/list-api-keys.ts'
import { lockAdministrator } from '../statements/lock-administrator.ts'
import { revokeApiKey } from '../statements/revoke-api-key.ts'
import type { ApiKeyRow } from './api-key-row.ts'

export interface IdentityStoresDeps {
  readonly db: Database
}

/** Opens the store of this room. */
export function openIdentityStores({ db }: IdentityStoresDeps): KeyStore {
  return {
    async createApiKey({ id, project, name, role, hash, expiresAt }) {
      const [row] = await db.run(createApiKey, [id, project, name, role, hash, expiresAt])
      return toApiKey(row as ApiKeyRow)
    },

    createAdministrator: (project, makeKey) =>
      db.transaction(async (tx) => {
        await tx.run(lockAdministrator, [])
        const keys = (await tx.run(listApiKeys, [project])).map(toApiKey)
        if (keys.some(isAdministrator)) return false
        const { id, name, role, hash, expiresAt } = makeKey()
        await tx.run(createApiKey, [id, project, name, role, hash, expiresAt])
        return true
      }),

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

/** A key that expires may be invalid when it is needed. */
const isAdministrator = ({ role, revokedAt, expiresAt }: ApiKey): boolean =>
  role === 'admin' && revokedAt === null && expiresAt === null

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

import { sqlBeside, statement } from '@taskflow/database'
import type { ApiKeyRow } from '../store/api-key-row.ts'

type Params = readonly [id: string, project: string, name: string, role: string, hash: string, expiresAt: Date | null]

/** Stores a new API key. */
export const createApiKey = statement<Params, ApiKeyRow>({
  name: 'create_api_key',
  columns: ['id', 'name', 'role', 'created_at', 'expires_at', 'revoked_at', 'last_used_at'],
  text: sqlBeside(import.meta.url),
})

import { sqlBeside, statement } from '@taskflow/database'
import type { ApiKeyRow } from '../store/api-key-row.ts'

/** Revokes a key; a key that is already revoked keeps its time. Returns no row when the key does not exist. */
export const revokeApiKey = statement<readonly [project: string, id: string], ApiKeyRow>({
  name: 'revoke_api_key',
  columns: ['id', 'name', 'role', 'created_at', 'expires_at', 'revoked_at', 'last_used_at'],
  text: sqlBeside(import.meta.url),
})

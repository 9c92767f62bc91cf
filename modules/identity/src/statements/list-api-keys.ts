import { sqlBeside, statement } from '@taskflow/database'
import type { ApiKeyRow } from '../store/api-key-row.ts'

/** Lists the API keys of a project, oldest first. */
export const listApiKeys = statement<readonly [project: string], ApiKeyRow>({
  name: 'list_api_keys',
  columns: ['id', 'name', 'role', 'created_at', 'expires_at', 'revoked_at', 'last_used_at'],
  text: sqlBeside(import.meta.url),
})

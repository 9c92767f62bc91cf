/** A row of `api_key`, without its hash. */
export interface ApiKeyRow {
  id: string
  name: string
  role: string
  created_at: Date
  expires_at: Date | null
  revoked_at: Date | null
  last_used_at: Date | null
}

import type { Principal, Role } from '@taskflow/http/access'

export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  readonly lastUsedAt: Date | null
}

export interface NewApiKey {
  readonly id: string
  readonly project: string
  readonly name: string
  readonly role: Role
  /** SHA-256 of the secret, in hex: the secret itself is never stored. */
  readonly hash: string
  readonly expiresAt: Date | null
}

/** API keys, hashed at rest. */
export interface KeyStore {
  createApiKey(key: NewApiKey): Promise<ApiKey>
  listApiKeys(project: string): Promise<ApiKey[]>
  /** Throws API_KEY_NOT_FOUND. Revoking twice does nothing. */
  revokeApiKey(project: string, id: string): Promise<ApiKey>
  /** Who holds this key, if it is valid now; notes its use at most once a minute. */
  findPrincipal(hash: string): Promise<Principal | undefined>
}

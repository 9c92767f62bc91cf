import type { Principal, Role } from '@taskflow/http/access'

/** A stored API key, without its secret. */
export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  readonly lastUsedAt: Date | null
}

/** An API key to store. */
export interface NewApiKey {
  readonly id: string
  readonly project: string
  readonly name: string
  readonly role: Role
  /** SHA-256 of the secret, in hexadecimal. The secret itself is never stored. */
  readonly hash: string
  readonly expiresAt: Date | null
}

/** Stores API keys by the hash of their secrets. */
export interface KeyStore {
  createApiKey(key: NewApiKey): Promise<ApiKey>
  /**
   * Stores the key of an administrator unless the project has a valid one that never expires, also when several
   * processes call it at once. Resolves with whether it was stored. `makeKey` is called only if it is to be stored.
   */
  createAdministrator(project: string, makeKey: () => NewApiKey): Promise<boolean>
  /** Lists all keys, oldest first, including revoked and expired ones. */
  listApiKeys(project: string): Promise<ApiKey[]>
  /** Revokes a key. Does nothing when the key is already revoked. Throws API_KEY_NOT_FOUND. */
  revokeApiKey(project: string, id: string): Promise<ApiKey>
  /** Finds the principal of a valid key, and records the use of the key at most once a minute. */
  findPrincipal(hash: string): Promise<Principal | undefined>
}

import { timingSafeEqual } from 'node:crypto'
import type { Access, Permission, Principal, Role } from '@taskflow/http/access'
import type { Clock } from '@taskflow/kernel'
import { leastRoleFor, type PermissionTable, permits } from './domain/roles.ts'
import type { KeyStore } from './ports/key-store.ts'
import { hashSecret, isSecret } from './secrets.ts'

interface Deps {
  readonly storage: Pick<KeyStore, 'findPrincipal'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Maps each permission of the product to the lowest role that has it. */
  readonly permissions: PermissionTable
  /** A token with the role `admin` from the settings; it is not stored. */
  readonly adminToken?: string | undefined
}

const ADMIN: Principal = { actor: 'admin', role: 'admin', project: 'default' }

// The longest time for which another process may still accept a revoked key.
const REMEMBER_MS = 5_000
const MAX_REMEMBERED = 10_000

/** A cached lookup of one token. */
interface Remembered {
  readonly principal: Promise<Principal | undefined>
  readonly until: number
  /** The principal, once the promise has resolved with one. */
  found?: Principal | undefined
}

/**
 * Finds the principal of a token. Caches the result for `REMEMBER_MS`, also when there is none, so that most requests need
 * neither a hash nor a query.
 */
export class Authenticator implements Access {
  readonly #deps: Deps
  readonly #adminHash: Buffer | undefined
  /** By token. Contains only the admin token and tokens with the form of an API key. */
  readonly #remembered = new Map<string, Remembered>()

  constructor(deps: Deps) {
    this.#deps = deps
    this.#adminHash = deps.adminToken === undefined ? undefined : Buffer.from(hashSecret(deps.adminToken))
  }

  permits(role: Role, permission: Permission): boolean {
    return permits(this.#deps.permissions, role, permission)
  }

  leastRoleFor(permission: Permission): Role {
    return leastRoleFor(this.#deps.permissions, permission)
  }

  /** Returns the cached principal of the token, without a query. */
  remembered(token: string): Principal | undefined {
    return this.#fresh(token)?.found
  }

  /** Resolves with the principal of the token; undefined when the token is not valid. */
  async authenticate(token: string): Promise<Principal | undefined> {
    const hash = hashSecret(token)
    // Hashes of equal length are compared in constant time, so that the duration reveals nothing about the token.
    const isAdmin = this.#adminHash !== undefined && timingSafeEqual(this.#adminHash, Buffer.from(hash))
    if (!isAdmin && !isSecret(token)) return undefined
    return (
      this.#fresh(token) ??
      this.#remember(token, isAdmin ? Promise.resolve(ADMIN) : this.#deps.storage.findPrincipal(hash))
    ).principal
  }

  /** Clears the cache. Call it after keys have changed. */
  forget(): void {
    this.#remembered.clear()
  }

  #fresh(token: string): Remembered | undefined {
    const remembered = this.#remembered.get(token)
    return remembered && this.#deps.clock.monotonicMs() < remembered.until ? remembered : undefined
  }

  /** Removes expired tokens, and the oldest ones beyond `MAX_REMEMBERED`. Entries are in the order of their expiry. */
  #forgetOldest(): void {
    const now = this.#deps.clock.monotonicMs()
    for (const [token, { until }] of this.#remembered) {
      if (until > now && this.#remembered.size <= MAX_REMEMBERED) return
      this.#remembered.delete(token)
    }
  }

  #remember(token: string, principal: Promise<Principal | undefined>): Remembered {
    const entry: Remembered = { principal, until: this.#deps.clock.monotonicMs() + REMEMBER_MS }
    this.#remembered.delete(token)
    this.#remembered.set(token, entry)
    this.#forgetOldest()
    principal.then(
      (found) => {
        entry.found = found
      },
      // A failed query must not be cached as a result.
      () => this.#remembered.delete(token),
    )
    return entry
  }
}

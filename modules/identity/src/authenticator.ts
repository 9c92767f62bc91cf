import { timingSafeEqual } from 'node:crypto'
import type { Access, Permission, Principal, Role } from '@taskflow/http/access'
import type { Clock } from '@taskflow/kernel'
import { leastRoleFor, type PermissionTable, permits } from './domain/roles.ts'
import type { KeyStore } from './ports/key-store.ts'
import { hashSecret, isSecret } from './secrets.ts'

interface Deps {
  readonly storage: Pick<KeyStore, 'findPrincipal'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Each permission of the product, with the least role that has it. */
  readonly permissions: PermissionTable
  /** A key of an administrator that is not stored. */
  readonly adminToken?: string | undefined
}

const ADMIN: Principal = { actor: 'admin', role: 'admin', project: 'default' }

// For so long another process may still take a key that was revoked.
const REMEMBER_MS = 5_000
const MAX_REMEMBERED = 10_000

interface Remembered {
  readonly principal: Promise<Principal | undefined>
  readonly until: number
  /** What the promise gave, once it has, unless that is nobody. */
  found?: Principal | undefined
}

/** Tells who holds a token. Remembers the answer for a moment, also that nobody does. */
export class Authenticator implements Access {
  readonly #deps: Deps
  readonly #adminHash: Buffer | undefined
  /** By token, so that most requests cost no hash. Only what may be a key is kept. */
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

  /** Who was found to hold it a moment ago. */
  remembered(token: string): Principal | undefined {
    return this.#fresh(token)?.found
  }

  async authenticate(token: string): Promise<Principal | undefined> {
    const hash = hashSecret(token)
    // Of equal length and compared in constant time, so that the time taken tells nothing of the token.
    const isAdmin = this.#adminHash !== undefined && timingSafeEqual(this.#adminHash, Buffer.from(hash))
    if (!isAdmin && !isSecret(token)) return undefined
    return (
      this.#fresh(token) ??
      this.#remember(token, isAdmin ? Promise.resolve(ADMIN) : this.#deps.storage.findPrincipal(hash))
    ).principal
  }

  /** To be called when keys changed. */
  forget(): void {
    this.#remembered.clear()
  }

  #fresh(token: string): Remembered | undefined {
    const remembered = this.#remembered.get(token)
    return remembered && this.#deps.clock.monotonicMs() < remembered.until ? remembered : undefined
  }

  /** A token stays in memory no longer than it serves, or until the next that is looked up. The oldest come first. */
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
      // A failure is no answer.
      () => this.#remembered.delete(token),
    )
    return entry
  }
}

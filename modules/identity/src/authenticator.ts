import { timingSafeEqual } from 'node:crypto'
import type { Access, Permission, Principal, Role } from '@taskflow/http/access'
import type { Clock } from '@taskflow/kernel'
import { DEFAULT_PROJECT } from './domain/project.ts'
import { leastRoleFor, type PermissionTable, permits } from './domain/roles.ts'
import type { KeyStore } from './ports/key-store.ts'
import { hashSecret, isSecret } from './secrets.ts'

interface Deps {
  readonly storage: Pick<KeyStore, 'findPrincipal'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Maps each permission of the product to the lowest role that has it. */
  readonly permissions: PermissionTable
  /** An administrator's API key that is set by the operator and not stored. */
  readonly adminToken?: string | undefined
}

const ADMIN: Principal = { actor: 'admin', role: 'admin', project: DEFAULT_PROJECT }

// How long a process may still accept a key that another process has revoked.
const REMEMBER_MS = 5_000
const MAX_REMEMBERED = 10_000

/** A cached lookup of one token. */
interface Remembered {
  readonly principal: Promise<Principal | undefined>
  readonly until: number
  /** The principal, once the promise has resolved with one. */
  found?: Principal | undefined
}

/** Finds the principal that holds a token. Remembers the answer for a moment, also that a token is unknown. */
export class Authenticator implements Access {
  readonly #deps: Deps
  readonly #adminHash: Buffer | undefined
  /** By token, so that most requests cost no hash. Keeps only tokens that have the form of a key. */
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

  /** The principal that was found to hold the token a moment ago. */
  remembered(token: string): Principal | undefined {
    return this.#fresh(token)?.found
  }

  /** Resolves with the principal of the token; undefined when the token is not valid. */
  async authenticate(token: string): Promise<Principal | undefined> {
    const hash = hashSecret(token)
    // Hashes have equal length and are compared in constant time, so that the duration reveals nothing about the token.
    const isAdmin = this.#adminHash !== undefined && timingSafeEqual(this.#adminHash, Buffer.from(hash))
    if (!isAdmin && !isSecret(token)) return undefined
    return (
      this.#fresh(token) ??
      this.#remember(token, isAdmin ? Promise.resolve(ADMIN) : this.#deps.storage.findPrincipal(hash))
    ).principal
  }

  /** Forgets all answers. Called when a key has changed. */
  forget(): void {
    this.#remembered.clear()
  }

  #fresh(token: string): Remembered | undefined {
    const remembered = this.#remembered.get(token)
    return remembered && this.#deps.clock.monotonicMs() < remembered.until ? remembered : undefined
  }

  /** Drops expired tokens at each lookup, and the oldest ones above the limit. The map's order is their age. */
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
      // A failed lookup is not remembered.
      () => this.#remembered.delete(token),
    )
    return entry
  }
}

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
const REMEMBER_MS = 1_000
const MAX_REMEMBERED = 10_000
// Of tokens that belong to nobody. They are remembered apart, so that guesses cannot push out the keys of callers.
const MAX_UNKNOWN = 1_000

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
  /** By token, so that most requests cost no hash. */
  readonly #remembered = new Map<string, Remembered>()
  /** Lookups in flight and tokens that belong to nobody; only tokens that have the form of a key. */
  readonly #unproven = new Map<string, Remembered>()

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
    this.#unproven.clear()
  }

  #fresh(token: string): Remembered | undefined {
    const remembered = this.#remembered.get(token) ?? this.#unproven.get(token)
    return remembered && this.#deps.clock.monotonicMs() < remembered.until ? remembered : undefined
  }

  /** Adds an entry, and drops expired ones and the oldest above the limit. The order of the map is their age. */
  #add(entries: Map<string, Remembered>, token: string, entry: Remembered, limit: number): void {
    entries.delete(token)
    entries.set(token, entry)
    const now = this.#deps.clock.monotonicMs()
    for (const [oldest, { until }] of entries) {
      if (until > now && entries.size <= limit) return
      entries.delete(oldest)
    }
  }

  #remember(token: string, principal: Promise<Principal | undefined>): Remembered {
    const entry: Remembered = { principal, until: this.#deps.clock.monotonicMs() + REMEMBER_MS }
    this.#remembered.delete(token)
    this.#add(this.#unproven, token, entry, MAX_UNKNOWN)
    principal.then(
      (found) => {
        // Forgotten meanwhile, because a key has changed.
        if (!found || this.#unproven.get(token) !== entry) return
        entry.found = found
        this.#unproven.delete(token)
        this.#add(this.#remembered, token, entry, MAX_REMEMBERED)
      },
      // A failed lookup is not remembered.
      () => this.#unproven.delete(token),
    )
    return entry
  }
}

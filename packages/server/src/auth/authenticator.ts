import { timingSafeEqual } from 'node:crypto'
import type { Clock, KeyStore, Principal } from '@taskflow/core'
import { hashSecret, isSecret } from './secrets.ts'

interface Deps {
  readonly storage: Pick<KeyStore, 'findPrincipal'>
  readonly clock: Pick<Clock, 'monotonicMs'>
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
}

/** Tells who holds a token. Remembers the answer for a moment, also that nobody does. */
export class Authenticator {
  readonly #deps: Deps
  readonly #adminHash: Buffer | undefined
  readonly #remembered = new Map<string, Remembered>()

  constructor(deps: Deps) {
    this.#deps = deps
    this.#adminHash = deps.adminToken === undefined ? undefined : Buffer.from(hashSecret(deps.adminToken))
  }

  async authenticate(token: string): Promise<Principal | undefined> {
    const hash = hashSecret(token)
    // Of equal length and compared in constant time, so that the time taken tells nothing of the token.
    if (this.#adminHash && timingSafeEqual(this.#adminHash, Buffer.from(hash))) return ADMIN
    return isSecret(token) ? this.#find(hash) : undefined
  }

  /** To be called when keys changed. */
  forget(): void {
    this.#remembered.clear()
  }

  #find(hash: string): Promise<Principal | undefined> {
    const now = this.#deps.clock.monotonicMs()
    const remembered = this.#remembered.get(hash)
    if (remembered && now < remembered.until) return remembered.principal
    const principal = this.#deps.storage.findPrincipal(hash)
    this.#remember(hash, { principal, until: now + REMEMBER_MS })
    return principal
  }

  #remember(hash: string, entry: Remembered): void {
    this.#remembered.delete(hash)
    this.#remembered.set(hash, entry)
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest)
    // A failure is no answer.
    entry.principal.catch(() => this.#remembered.delete(hash))
  }
}

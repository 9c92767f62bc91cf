import type { Clock } from './clock.ts'
import { duty } from './duty.ts'
import type { Elector } from './elector.ts'
import type { Events } from './events.ts'
import type { Ids } from './ids.ts'
import type { LeaderStore } from './leader-store.ts'
import { LeaderTerm } from './leader-term.ts'
import type { PeriodicService } from './service.ts'
import type { Wakeups } from './wakeups.ts'

interface Deps {
  readonly storage: LeaderStore
  readonly wakeups: Wakeups
  readonly clock: Clock
  readonly events: Events
  readonly ids: Ids
}

const NAME = 'coordinator'
// A leader that is killed just after a renewal is replaced after this time; ten seconds are promised.
const LEASE_MS = 8_000
// Two renewals in a row may fail before the trust in the last reply ends.
const RENEW_MS = Math.floor(LEASE_MS / 3)
// A standby that misses the wake-up of a resignation finds it by polling. With HANDOVER_MS this stays below a second.
const STANDBY_MS = 500
// Bounds the rate of requests while the row is about to expire or another candidate has just taken it.
const SHORTEST_PAUSE_MS = 50
const RETRY_MS = 1_000
// Two processes may do one duty at once, so the standby does not wait for a duty in the middle of a long statement.
const HANDOVER_MS = 300
// While the database is unavailable the row expires by itself.
const RESIGN_MS = 1_000

/**
 * Elects the leader by a lease: a row in the database that one candidate takes and renews before it expires.
 *
 * A timer ends the leadership when the trust in the last reply ends (see `LeaderTerm`). While the database is
 * unavailable the leader therefore continues until that moment and no longer, even if its request never returns. A
 * standby requests the row twice a second, when the row should expire, and at once when the leader resigns.
 */
export class LeaseElector implements Elector {
  readonly #deps: Deps
  readonly #candidacy: PeriodicService
  #term: LeaderTerm | undefined
  #follow: (isLeader: boolean) => Promise<void> = async () => {}
  #trust = new AbortController()
  #stopListening: (() => Promise<void>) | undefined
  // Lasts from a start to the next stop. Each session has its own id, so that a late request of one cannot change the
  // row of the next.
  #session = new AbortController()
  #holder = ''

  constructor(deps: Deps) {
    this.#deps = deps
    const { clock, events } = deps
    const round = (): Promise<number> => this.#requestLease()
    this.#candidacy = duty({ name: 'elector', clock, events, intervalMs: RETRY_MS, round })
  }

  get isLeading(): boolean {
    return this.#term !== undefined && this.#term.remainingMs(this.#deps.clock.monotonicMs()) > 0
  }

  async start(callback: (isLeader: boolean) => Promise<void>): Promise<void> {
    const { ids, wakeups } = this.#deps
    this.#session = new AbortController()
    this.#holder = ids.next()
    this.#follow = callback
    this.#stopListening = await wakeups.on('resigned', () => {
      if (!this.#term) this.#candidacy.wake()
    })
    await this.#candidacy.start()
  }

  async stop(): Promise<void> {
    if (!this.#stopListening) return
    this.#session.abort()
    // Waits for a request in flight, which could take the row again after the resignation.
    await this.#atMost(HANDOVER_MS, Promise.all([this.#lose('resigned'), this.#candidacy.stop()]))
    await this.#atMost(RESIGN_MS, this.#resign())
    await this.#stopListening()
    this.#stopListening = undefined
  }

  async #requestLease(): Promise<number> {
    const { clock, storage } = this.#deps
    const { signal } = this.#session
    const requestedAtMs = clock.monotonicMs()
    const reply = await storage.lead({ name: NAME, holder: this.#holder, ttlMs: LEASE_MS })
    if (signal.aborted) return RETRY_MS
    if (!reply.isLeader) {
      void this.#lose('replaced')
      return Math.min(STANDBY_MS, Math.max(SHORTEST_PAUSE_MS, reply.expiresInMs))
    }
    this.#adopt(new LeaderTerm({ term: reply.term, requestedAtMs, leaseMs: LEASE_MS }))
    return Math.max(SHORTEST_PAUSE_MS, requestedAtMs + RENEW_MS - clock.monotonicMs())
  }

  #adopt(next: LeaderTerm): void {
    const { clock, events } = this.#deps
    const remainingMs = next.remainingMs(clock.monotonicMs())
    if (this.#term?.term !== next.term) void this.#lose('replaced')
    // The reply took as long as the lease lasts; the next request will show who leads.
    if (remainingMs === 0) return
    const isElected = this.#term === undefined
    this.#term = next
    void this.#trustFor(remainingMs)
    if (!isElected) return
    events.emit('leader.elected', { term: next.term })
    void this.#follow(true)
  }

  async #trustFor(ms: number): Promise<void> {
    this.#trust.abort()
    this.#trust = new AbortController()
    const { signal } = this.#trust
    await this.#deps.clock.sleep(ms, signal)
    if (!signal.aborted) await this.#lose('expired')
  }

  async #lose(reason: 'expired' | 'replaced' | 'resigned'): Promise<void> {
    if (!this.#term) return
    const { term: lost } = this.#term
    this.#term = undefined
    this.#trust.abort()
    const ended = this.#follow(false)
    this.#deps.events.emit('leader.lost', { term: lost, reason })
    await ended
  }

  async #resign(): Promise<void> {
    const { events, storage } = this.#deps
    try {
      await storage.resign({ name: NAME, holder: this.#holder })
    } catch (error) {
      events.emit('round.failed', { service: this.#candidacy.name, error })
    }
  }

  /** Resolves when the work is done or the time is up, so that a stop cannot hang. */
  async #atMost(ms: number, work: Promise<unknown>): Promise<void> {
    const done = new AbortController()
    await Promise.race([work.finally(() => done.abort()), this.#deps.clock.sleep(ms, done.signal)])
  }
}

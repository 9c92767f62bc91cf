import type { Clock } from './clock.ts'
import { duty } from './duty.ts'
import type { Elector } from './elector.ts'
import type { Events } from './events.ts'
import type { Ids } from './ids.ts'
import type { LeaderStore } from './leader-store.ts'
import { LeaderTerm } from './leader-term.ts'
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
export function leaseElector({ storage, wakeups, clock, events, ids }: Deps): Elector {
  let term: LeaderTerm | undefined
  let follow: (isLeader: boolean) => Promise<void> = async () => {}
  let trust = new AbortController()
  let stopListening: (() => Promise<void>) | undefined
  // Lasts from a start to the next stop. Each session has its own id, so that a late request of one cannot change the
  // row of the next.
  let session = new AbortController()
  let holder = ''

  const candidacy = duty({ name: 'elector', clock, events, intervalMs: RETRY_MS, round: requestLease })

  async function requestLease(): Promise<number> {
    const { signal } = session
    const requestedAtMs = clock.monotonicMs()
    const reply = await storage.lead({ name: NAME, holder, ttlMs: LEASE_MS })
    if (signal.aborted) return RETRY_MS
    if (!reply.isLeader) {
      void lose('replaced')
      return Math.min(STANDBY_MS, Math.max(SHORTEST_PAUSE_MS, reply.expiresInMs))
    }
    adopt(new LeaderTerm({ term: reply.term, requestedAtMs, leaseMs: LEASE_MS }))
    return Math.max(SHORTEST_PAUSE_MS, requestedAtMs + RENEW_MS - clock.monotonicMs())
  }

  function adopt(next: LeaderTerm): void {
    const remainingMs = next.remainingMs(clock.monotonicMs())
    if (term?.term !== next.term) void lose('replaced')
    // The reply took as long as the lease lasts; the next request will show who leads.
    if (remainingMs === 0) return
    const isElected = term === undefined
    term = next
    void trustFor(remainingMs)
    if (!isElected) return
    events.emit('leader.elected', { term: next.term })
    void follow(true)
  }

  async function trustFor(ms: number): Promise<void> {
    trust.abort()
    trust = new AbortController()
    const { signal } = trust
    await clock.sleep(ms, signal)
    if (!signal.aborted) await lose('expired')
  }

  async function lose(reason: 'expired' | 'replaced' | 'resigned'): Promise<void> {
    if (!term) return
    const { term: lost } = term
    term = undefined
    trust.abort()
    const ended = follow(false)
    events.emit('leader.lost', { term: lost, reason })
    await ended
  }

  async function resign(): Promise<void> {
    try {
      await storage.resign({ name: NAME, holder })
    } catch (error) {
      events.emit('round.failed', { service: candidacy.name, error })
    }
  }

  /** Resolves when the work is done or the time is up, so that a stop cannot hang. */
  async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
    const done = new AbortController()
    await Promise.race([work.finally(() => done.abort()), clock.sleep(ms, done.signal)])
  }

  return {
    get isLeading() {
      return term !== undefined && term.remainingMs(clock.monotonicMs()) > 0
    },
    async start(callback) {
      session = new AbortController()
      holder = ids.next()
      follow = callback
      stopListening = await wakeups.on('resigned', () => {
        if (!term) candidacy.wake()
      })
      await candidacy.start()
    },
    async stop() {
      if (!stopListening) return
      session.abort()
      // Waits for a request in flight, which could take the row again after the resignation.
      await atMost(HANDOVER_MS, Promise.all([lose('resigned'), candidacy.stop()]))
      await atMost(RESIGN_MS, resign())
      await stopListening()
      stopListening = undefined
    },
  }
}

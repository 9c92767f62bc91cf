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
// A leader that was killed just after it renewed is replaced when this is over: two seconds before it would be too late.
const LEASE_MS = 8_000
// Two renewals in a row may fail before the trust in the last one ends.
const RENEW_MS = Math.floor(LEASE_MS / 3)
// How late word that the leader resigned may be, where there is none: with HANDOVER_MS below a second.
const STANDBY_MS = 500
// The row is about to expire, or just taken by another: not to be asked for without a pause.
const SHORTEST_PAUSE_MS = 50
const RETRY_MS = 1_000
// A duty in the middle of a long statement is safe when a second one begins, so the standby does not wait for it.
const HANDOVER_MS = 300
// With the database away the row expires by itself.
const RESIGN_MS = 1_000

/**
 * Leads by a row in the database that expires, taken and renewed by asking for it.
 *
 * The answer is trusted as `LeaderTerm` says, by a timer of its own: while the
 * database is away the leader goes on until its trust ends, and not beyond,
 * whether or not the question ever returns. A standby asks again when the row
 * should expire, twice a second, and at once when a leader resigned.
 */
export function leaseElector({ storage, wakeups, clock, events, ids }: Deps): Elector {
  let term: LeaderTerm | undefined
  let follow: (isLeader: boolean) => Promise<void> = async () => {}
  let trust = new AbortController()
  let stopListening: (() => Promise<void>) | undefined
  // From a start to its stop. Each asks under an id of its own: what is still on its way from one must not touch the row of the next.
  let session = new AbortController()
  let holder = ''

  const asking = duty({ name: 'elector', clock, events, intervalMs: RETRY_MS, round: ask })

  async function ask(): Promise<number> {
    const { signal } = session
    const askedAtMs = clock.monotonicMs()
    const answer = await storage.lead({ name: NAME, holder, ttlMs: LEASE_MS })
    if (signal.aborted) return RETRY_MS
    if (!answer.isLeader) {
      void lose('replaced')
      return Math.min(STANDBY_MS, Math.max(SHORTEST_PAUSE_MS, answer.expiresInMs))
    }
    believe(new LeaderTerm({ term: answer.term, askedAtMs, leaseMs: LEASE_MS }))
    return Math.max(SHORTEST_PAUSE_MS, askedAtMs + RENEW_MS - clock.monotonicMs())
  }

  function believe(next: LeaderTerm): void {
    const remainingMs = next.remainingMs(clock.monotonicMs())
    if (term?.term !== next.term) void lose('replaced')
    // The reply took as long as the lease lasts. Asking again tells more.
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
      events.emit('round.failed', { service: asking.name, error })
    }
  }

  /** Resolves when the work is done or its time is up: a stop must not hang. */
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
        if (!term) asking.wake()
      })
      await asking.start()
    },
    async stop() {
      if (!stopListening) return
      session.abort()
      // A question under way is awaited, for its answer could take the row again after it was given back.
      await atMost(HANDOVER_MS, Promise.all([lose('resigned'), asking.stop()]))
      await atMost(RESIGN_MS, resign())
      await stopListening()
      stopListening = undefined
    },
  }
}

import type {
  AttemptOutcome,
  Clock,
  Events,
  LeaseId,
  QueueTally,
  SettlementResult,
  Verdict,
  WorkStore,
} from '@taskflow/core'
import { type Bell, bell } from './bell.ts'
import type { HeldAttempt } from './held-attempt.ts'
import { keepTrying } from './keep-trying.ts'
import { type Tallies, tallies } from './tallies.ts'
import { verdictOf } from './verdict.ts'

interface Deps {
  readonly storage: Pick<WorkStore, 'settleTask'>
  readonly clock: Clock
  readonly random: () => number
  readonly events: Events
  /** Once aborted, settlements that the database does not answer are left to the rescuer. */
  readonly signal: AbortSignal
  onError(error: unknown): void
}

/** Brings the end of each attempt to storage: for as long as it takes, and presenting the lease. */
export interface Settler {
  /** Never rejects. */
  settle(attempt: HeldAttempt, outcome: AttemptOutcome): Promise<void>
  /** Attempts that ended and are not settled yet. */
  readonly pending: number
  isSettling(leaseId: LeaseId): boolean
  readonly released: number
  /** Rings when one was settled. */
  readonly change: Bell
  takeTallies(): readonly QueueTally[]
  returnTallies(taken: readonly QueueTally[]): void
}

export function settler({ storage, clock, random, events, signal, onError }: Deps): Settler {
  const counts: Tallies = tallies()
  const pending = new Set<LeaseId>()
  let released = 0
  const change = bell()

  async function settle(attempt: HeldAttempt, outcome: AttemptOutcome): Promise<void> {
    pending.add(attempt.lease.leaseId)
    const endedAt = clock.monotonicMs()
    try {
      // Whoever sees the task finished finds its log and last progress complete.
      if (attempt.written) await attempt.written
      await bring(attempt, verdictOf(outcome, attempt, endedAt, random), endedAt)
    } finally {
      pending.delete(attempt.lease.leaseId)
      change.ring()
    }
  }

  async function bring(attempt: HeldAttempt, verdict: Verdict, endedAt: number): Promise<void> {
    const { taskId, leaseId } = attempt.lease
    const send = (each: Verdict) => () => storage.settleTask({ taskId, leaseId, verdict: each })
    try {
      note(attempt, verdict, await keepTrying(send(verdict), { clock, signal, onError }), endedAt)
    } catch (error) {
      if (signal.aborted) return
      const failure = refusalOf(error)
      await keepTrying(send(failure), { clock, signal, onError }).then(
        (result) => note(attempt, failure, result, endedAt),
        // Reported each time; the lease, known to nobody here any more, is then handed back.
        () => {},
      )
    }
  }

  function note({ lease, startedAt, claimedAt }: HeldAttempt, verdict: Verdict, result: SettlementResult, at: number) {
    if (result === 'stale') {
      events.emit('lease.lost', { taskId: lease.taskId, attempt: lease.attempt })
      return
    }
    const verb = result === 'cancelled' ? 'cancel' : verdict.verb
    counts.count(lease.queue, verb)
    if (verb === 'release') released++
    const durationMs = at - (startedAt === Number.POSITIVE_INFINITY ? claimedAt : startedAt)
    events.emit('task.settled', { type: lease.type, queue: lease.queue, verb, durationMs })
  }

  return {
    settle,
    get pending() {
      return pending.size
    },
    isSettling: (leaseId) => pending.has(leaseId),
    get released() {
      return released
    },
    change,
    takeTallies: counts.take,
    returnTallies: counts.add,
  }
}

/** Storage refuses this outcome however often it is brought: the task must not run for ever because of it. */
function refusalOf(error: unknown): Verdict {
  const message = error instanceof Error ? error.message : String(error)
  return {
    verb: 'fail',
    error: { name: 'OutcomeRefused', message: `The outcome could not be stored: ${message}`, reason: 'notRetryable' },
  }
}

import type { QueueTally, WorkStore } from '@taskflow/fleet'
import type { Clock, Events } from '@taskflow/kernel'
import type { AttemptOutcome, LeaseId, SettlementResult, Verdict } from '@taskflow/tasks'
import { type Bell, bell } from './bell.ts'
import type { HeldAttempt } from './held-attempt.ts'
import { keepTrying } from './keep-trying.ts'
import { type Tallies, tallies } from './tallies.ts'
import { verdictOf } from './verdict.ts'

interface Deps {
  readonly storage: Pick<WorkStore, 'settleTasks'>
  readonly clock: Clock
  readonly random: () => number
  readonly events: Events
  /** Once aborted, settlements that the database does not answer are left to the rescuer. */
  readonly signal: AbortSignal
  onError(error: unknown): void
}

interface End {
  readonly attempt: HeldAttempt
  readonly verdict: Verdict
  readonly endedAt: number
}

/** Brings the end of each attempt to storage: for as long as it takes, presenting the lease, and those of one turn together. */
export interface Settler {
  settle(attempt: HeldAttempt, outcome: AttemptOutcome): void
  /** Attempts that ended and are not settled yet. */
  readonly pending: number
  isSettling(leaseId: LeaseId): boolean
  readonly released: number
  /** Rings when some were settled. */
  readonly change: Bell
  takeTallies(): readonly QueueTally[]
  returnTallies(taken: readonly QueueTally[]): void
}

export function settler({ storage, clock, random, events, signal, onError }: Deps): Settler {
  const counts: Tallies = tallies()
  const pending = new Set<LeaseId>()
  let released = 0
  const change = bell()
  let gathered: End[] = []

  function gather(attempt: HeldAttempt, outcome: AttemptOutcome, endedAt: number): void {
    gathered.push({ attempt, verdict: verdictOf(outcome, attempt, endedAt, random), endedAt })
    if (gathered.length === 1) queueMicrotask(bringGathered)
  }

  function bringGathered(): void {
    const ends = gathered
    gathered = []
    void bring(ends)
  }

  async function bring(ends: readonly End[]): Promise<void> {
    try {
      note(ends, await send(ends))
    } catch (error) {
      if (signal.aborted) leave(ends)
      // One of them is refused, and only alone can it be told which.
      else if (ends.length > 1) await Promise.all(ends.map((end) => bring([end])))
      else await bringRefused(ends, error)
    }
  }

  /** Several are taken apart at their first refusal, since the others need not wait for what one of them suffers. */
  function send(ends: readonly End[]): Promise<readonly SettlementResult[]> {
    const settlements = ends.map(({ attempt: { lease }, verdict }) => ({
      taskId: lease.taskId,
      leaseId: lease.leaseId,
      verdict,
    }))
    const work = (): Promise<readonly SettlementResult[]> => storage.settleTasks(settlements)
    return keepTrying(work, { clock, signal, onError, ...(ends.length > 1 && { tries: 1 }) })
  }

  async function bringRefused(ends: readonly End[], error: unknown): Promise<void> {
    const refused = ends.map((end) => ({ ...end, verdict: refusalOf(error) }))
    await send(refused).then(
      (results) => note(refused, results),
      // Reported each time; the lease, known to nobody here any more, is then handed back.
      () => leave(refused),
    )
  }

  function leave(ends: readonly End[]): void {
    for (const { attempt } of ends) pending.delete(attempt.lease.leaseId)
    change.ring()
  }

  function note(ends: readonly End[], results: readonly SettlementResult[]): void {
    const durations = new Map<string, { type: string; queue: string; verb: Verdict['verb']; durationsMs: number[] }>()
    ends.forEach(({ attempt, verdict, endedAt }, index) => {
      const { lease, startedAt, claimedAt } = attempt
      const { taskId, leaseId, type, queue } = lease
      if (results[index] === 'stale') {
        events.emit('lease.lost', { taskId, leaseId, attempt: lease.attempt })
        return
      }
      const verb = results[index] === 'cancelled' ? 'cancel' : verdict.verb
      counts.count(queue, verb)
      if (verb === 'release') released++
      const durationMs = endedAt - (startedAt === Number.POSITIVE_INFINITY ? claimedAt : startedAt)
      const key = `${type} ${queue} ${verb}`
      const alike = durations.get(key)
      if (alike) alike.durationsMs.push(durationMs)
      else durations.set(key, { type, queue, verb, durationsMs: [durationMs] })
    })
    for (const settled of durations.values()) events.emit('tasks.settled', settled)
    leave(ends)
  }

  return {
    settle(attempt, outcome) {
      pending.add(attempt.lease.leaseId)
      const endedAt = clock.monotonicMs()
      // Whoever sees the task finished finds its log and last progress complete.
      if (attempt.written) void attempt.written.then(() => gather(attempt, outcome, endedAt))
      else gather(attempt, outcome, endedAt)
    },
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

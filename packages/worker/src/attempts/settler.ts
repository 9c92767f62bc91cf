import type { WorkStore } from '@taskflow/fleet'
import type { Clock, Events } from '@taskflow/kernel'
import { type AttemptOutcome, type LeaseId, type SettlementResult, taskFailure, type Verdict } from '@taskflow/tasks'
import { retryWhileUnavailable } from '../retry-while-unavailable.ts'
import { wakeSignal } from '../wake-signal.ts'
import type { HeldAttempt } from './held-attempt.ts'
import { settledDurations } from './settled-durations.ts'
import { tallies } from './tallies.ts'
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

/**
 * Settles attempts that have ended: sends their verdicts to storage, with their leases, for as long as the database is
 * unavailable. Attempts that end in one turn of the event loop are settled together.
 */
export class Settler {
  /** Notified when attempts were settled. */
  readonly change = wakeSignal()
  /** Counts of the settled tasks, for the heartbeats. */
  readonly tallies = tallies()
  readonly #deps: Deps
  readonly #pending = new Set<LeaseId>()
  #gathered: End[] = []
  #released = 0

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** The number of attempts that have ended and are not settled yet. */
  get pending(): number {
    return this.#pending.size
  }

  /** The number of tasks released since the start. */
  get released(): number {
    return this.#released
  }

  isSettling(leaseId: LeaseId): boolean {
    return this.#pending.has(leaseId)
  }

  settle(attempt: HeldAttempt, outcome: AttemptOutcome): void {
    this.#pending.add(attempt.lease.leaseId)
    const endedAt = this.#deps.clock.monotonicMs()
    // The log and the last progress of a finished task are complete.
    if (attempt.written) void attempt.written.then(() => this.#gather(attempt, outcome, endedAt))
    else this.#gather(attempt, outcome, endedAt)
  }

  #gather(attempt: HeldAttempt, outcome: AttemptOutcome, endedAt: number): void {
    this.#gathered.push({ attempt, verdict: verdictOf(outcome, attempt, endedAt, this.#deps.random), endedAt })
    if (this.#gathered.length === 1) queueMicrotask(this.#sendGathered)
  }

  readonly #sendGathered = (): void => {
    const ends = this.#gathered
    this.#gathered = []
    void this.#settleAll(ends)
  }

  async #settleAll(ends: readonly End[]): Promise<void> {
    try {
      this.#record(ends, await this.#send(ends))
    } catch (error) {
      if (this.#deps.signal.aborted) this.#forget(ends)
      // Storage refuses one of them without naming it, so each is sent alone.
      else if (ends.length > 1) await Promise.all(ends.map((end) => this.#settleAll([end])))
      else await this.#settleRefused(ends, error)
    }
  }

  /** Tries several ends once only after a refusal, so that a refused one does not delay the others. */
  #send(ends: readonly End[]): Promise<readonly SettlementResult[]> {
    const { storage, clock, signal, onError } = this.#deps
    const settlements = ends.map(({ attempt: { lease }, verdict }) => ({
      taskId: lease.taskId,
      leaseId: lease.leaseId,
      verdict,
    }))
    const work = (): Promise<readonly SettlementResult[]> => storage.settleTasks(settlements)
    return retryWhileUnavailable(work, { clock, signal, onError, ...(ends.length > 1 && { tries: 1 }) })
  }

  async #settleRefused(ends: readonly End[], error: unknown): Promise<void> {
    const refused = ends.map((end) => ({ ...end, verdict: refusalOf(error) }))
    await this.#send(refused).then(
      (results) => this.#record(refused, results),
      // Each failure was reported; the lease, which this worker then no longer knows, is released as a leaked one.
      () => this.#forget(refused),
    )
  }

  #record(ends: readonly End[], results: readonly SettlementResult[]): void {
    const { events } = this.#deps
    const durations = settledDurations()
    ends.forEach(({ attempt, verdict, endedAt }, index) => {
      const { lease, startedAt, claimedAt } = attempt
      const { taskId, leaseId, type, queue } = lease
      if (results[index] === 'stale') {
        events.emit('lease.lost', { taskId, leaseId, attempt: lease.attempt })
        return
      }
      const verb = results[index] === 'cancelled' ? 'cancel' : verdict.verb
      this.tallies.count(queue, verb)
      if (verb === 'release') this.#released++
      durations.add(type, queue, verb, endedAt - (startedAt === Number.POSITIVE_INFINITY ? claimedAt : startedAt))
    })
    for (const settled of durations.all()) events.emit('tasks.settled', settled)
    this.#forget(ends)
  }

  #forget(ends: readonly End[]): void {
    for (const { attempt } of ends) this.#pending.delete(attempt.lease.leaseId)
    this.change.notify()
  }
}

/** The verdict on a task whose outcome storage refuses at each try, and which must not stay running because of that. */
function refusalOf(error: unknown): Verdict {
  const message = error instanceof Error ? error.message : String(error)
  return {
    verb: 'fail',
    error: taskFailure('OutcomeRefused', `The outcome could not be stored: ${message}`, 'notRetryable'),
  }
}

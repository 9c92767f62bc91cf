import type { Clock, Events } from '@taskflow/kernel'
import { type AttemptError, attemptError, type TaskId } from '@taskflow/tasks'
import { deadlineOf } from './deadline.ts'
import type { ForcedStop } from './forced-stop.ts'
import type { HeldAttempt } from './held-attempt.ts'
import type { Slots } from './slots.ts'
import type { Stop } from './stop.ts'

interface Deps {
  readonly slots: Slots
  readonly forcedStop: ForcedStop
  readonly clock: Clock
  readonly events: Events
  readonly killGraceMs: number
}

// Short enough that nobody notices a late timeout, long enough that thousands of deadlines cost nothing.
const ROUND_MS = 25
const NEVER = Number.POSITIVE_INFINITY

/**
 * Stops attempts: at their deadline, when they are cancelled, when the worker drains or is lost. First by a request,
 * through the AbortSignal; after the grace by force (`forced-stop.ts`).
 */
export class Stopper {
  readonly #slots: Slots
  readonly #force: ForcedStop
  readonly #clock: Clock
  readonly #events: Events
  readonly #killGraceMs: number
  readonly #watched = new Set<HeldAttempt>()
  readonly #stopping = new AbortController()
  #isWatching = false

  constructor({ slots, forcedStop, clock, events, killGraceMs }: Deps) {
    this.#slots = slots
    this.#force = forcedStop
    this.#clock = clock
    this.#events = events
    this.#killGraceMs = killGraceMs
  }

  /** Watches the deadlines of an attempt for as long as it is held. */
  watch(attempt: HeldAttempt): void {
    this.#watched.add(attempt)
    if (!this.#isWatching) void this.#watchAll()
  }

  cancel(ids: readonly TaskId[]): void {
    if (ids.length === 0) return
    const wanted = new Set(ids)
    const reason = attemptError('Cancelled', 'The task was cancelled')
    for (const attempt of [...this.#slots]) {
      if (!wanted.has(attempt.lease.taskId)) continue
      // In the shared runner a cancel is a request; only a deadline of the attempt bounds it.
      const forceAt = attempt.isolation === null ? NEVER : this.#clock.monotonicMs() + this.#killGraceMs
      this.#request(attempt, 'cancelled', reason, forceAt)
    }
  }

  /** Stops all attempts; their tasks are released without using an attempt. */
  drain(): void {
    const reason = attemptError('Draining', 'The worker is draining')
    const forceAt = this.#clock.monotonicMs() + this.#killGraceMs
    for (const attempt of [...this.#slots]) {
      // An attempt that was stopped before, without a bound or with a later one, gets no longer than the others.
      if (attempt.stop) attempt.stop = { ...attempt.stop, forceAt: Math.min(attempt.stop.forceAt, forceAt) }
      else this.#request(attempt, 'draining', reason, forceAt)
    }
  }

  /** Stops all attempts and settles none of them: their leases are lost. */
  dropAll(): void {
    const reason = attemptError('LeaseLost', 'The worker was marked lost, so the task belongs to another attempt')
    for (const attempt of [...this.#slots]) {
      this.#slots.remove(attempt)
      if (attempt.isolation === null) attempt.runner?.abort([attempt.key], reason)
      else void attempt.runner?.kill()
      const { taskId, leaseId, attempt: number } = attempt.lease
      this.#events.emit('lease.lost', { taskId, leaseId, attempt: number })
    }
  }

  /** Watches no deadlines any more. */
  stop(): void {
    this.#stopping.abort()
  }

  /** Runs only while an attempt has deadlines, so that an idle worker sleeps. */
  async #watchAll(): Promise<void> {
    this.#isWatching = true
    while (this.#watched.size > 0 && !this.#stopping.signal.aborted) {
      await this.#clock.sleep(ROUND_MS, this.#stopping.signal)
      for (const attempt of this.#watched) this.#check(attempt, this.#clock.monotonicMs())
    }
    this.#isWatching = false
  }

  #check(attempt: HeldAttempt, now: number): void {
    if (!this.#slots.get(attempt.key)) return void this.#watched.delete(attempt)
    const { stop } = attempt
    if (stop && stop.forceAt !== NEVER) {
      if (now >= stop.forceAt) this.#force(attempt, stop)
      return
    }
    const { at, message } = deadlineOf(attempt)
    if (now < at) return
    const forceAt = now + this.#killGraceMs
    // A new ping, because the loop may have blocked since the cancel.
    if (stop) attempt.stop = { ...stop, ping: attempt.runner?.ping() ?? 0, forceAt }
    else this.#request(attempt, 'timedOut', attemptError('TimedOut', message), forceAt)
  }

  /** Requests an attempt to stop; the first request stands. */
  #request(attempt: HeldAttempt, cause: Stop['cause'], reason: AttemptError, forceAt: number): void {
    if (attempt.stop) return
    attempt.runner?.abort([attempt.key], reason)
    attempt.stop = { cause, reason, ping: attempt.runner?.ping() ?? 0, forceAt }
    this.watch(attempt)
  }
}

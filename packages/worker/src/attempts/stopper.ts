import type { Clock, Events } from '@taskflow/kernel'
import { type AttemptError, attemptError, type TaskId } from '@taskflow/tasks'
import type { AbandonedHandlers } from './abandoned-handlers.ts'
import { deadlineOf } from './deadline.ts'
import type { ForcedStop } from './forced-stop.ts'
import type { HeldAttempt } from './held-attempt.ts'
import type { Slots } from './slots.ts'
import type { Stop } from './stop.ts'

interface Deps {
  readonly slots: Slots
  readonly forcedStop: ForcedStop
  readonly abandoned: Pick<AbandonedHandlers, 'add'>
  readonly clock: Clock
  readonly events: Events
  readonly killGraceMs: number
}

// Short enough that nobody notices a late timeout, long enough that thousands of deadlines cost nothing.
const ROUND_MS = 25

/**
 * Stops attempts: at their deadline, when they are cancelled, when the worker drains or is lost. First by a request,
 * through the AbortSignal; after the grace by force (`forced-stop.ts`).
 */
export class Stopper {
  readonly #slots: Slots
  readonly #force: ForcedStop
  readonly #abandoned: Pick<AbandonedHandlers, 'add'>
  readonly #clock: Clock
  readonly #events: Events
  readonly #killGraceMs: number
  readonly #watched = new Set<HeldAttempt>()
  readonly #stopping = new AbortController()
  #isWatching = false

  constructor({ slots, forcedStop, abandoned, clock, events, killGraceMs }: Deps) {
    this.#slots = slots
    this.#force = forcedStop
    this.#abandoned = abandoned
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
      if (wanted.has(attempt.lease.taskId)) this.#request(attempt, 'cancelled', reason, { mayAbandon: false })
    }
  }

  /** Stops all attempts; their tasks are released without using an attempt. */
  drain(): void {
    const reason = attemptError('Draining', 'The worker is draining')
    const forceAt = this.#clock.monotonicMs() + this.#killGraceMs
    for (const attempt of [...this.#slots]) {
      // An attempt that was stopped before, later or without a bound, gets no longer than the others.
      if (attempt.stop)
        attempt.stop = { ...attempt.stop, forceAt: Math.min(attempt.stop.forceAt, forceAt), mayAbandon: true }
      else this.#request(attempt, 'draining', reason, { mayAbandon: true })
    }
  }

  /** Stops all attempts and settles none of them: their leases are lost. */
  dropAll(): void {
    const reason = attemptError('LeaseLost', 'The worker was marked lost, so the task belongs to another attempt')
    for (const attempt of [...this.#slots]) {
      this.#slots.remove(attempt)
      this.#drop(attempt, reason)
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

  #drop(attempt: HeldAttempt, reason: AttemptError): void {
    const { runner, key, isolation, position } = attempt
    if (!runner) return
    if (isolation !== null) return void runner.kill()
    runner.revoke()
    runner.abort([key], reason)
    if (runner.hasBegun(position)) this.#abandoned.add(attempt, 'lost')
  }

  #check(attempt: HeldAttempt, now: number): void {
    if (!this.#slots.get(attempt.key)) return void this.#watched.delete(attempt)
    const { stop } = attempt
    if (stop && now >= stop.forceAt) this.#useForce(attempt, stop)
    else if (!stop?.mayAbandon) this.#checkDeadline(attempt, now)
  }

  #useForce(attempt: HeldAttempt, stop: Stop): void {
    this.#force(attempt, stop)
    if (!this.#slots.get(attempt.key)) return
    const { taskId, type } = attempt.lease
    if (!stop.isRenewed) this.#events.emit('cancellation.ignored', { taskId, type })
    // A new ping, because the loop may block later.
    attempt.stop = { ...stop, ...this.#forceAfterGrace(attempt), isRenewed: true }
  }

  #checkDeadline(attempt: HeldAttempt, now: number): void {
    const { runner, stop } = attempt
    if (runner && !runner.hasBegun(attempt.position)) {
      attempt.startedAt = now
      attempt.beatAt = now
    }
    const { at, message } = deadlineOf(attempt)
    if (now < at) return
    if (stop) attempt.stop = { ...stop, ...this.#forceAfterGrace(attempt), mayAbandon: true }
    else this.#request(attempt, 'timedOut', attemptError('TimedOut', message), { mayAbandon: true })
  }

  /** Requests an attempt to stop; the first request stands. */
  #request(
    attempt: HeldAttempt,
    cause: Stop['cause'],
    reason: AttemptError,
    { mayAbandon }: Pick<Stop, 'mayAbandon'>,
  ): void {
    if (attempt.stop) return
    attempt.runner?.abort([attempt.key], reason)
    attempt.stop = { cause, reason, ...this.#forceAfterGrace(attempt), mayAbandon, isRenewed: false }
    this.watch(attempt)
  }

  #forceAfterGrace({ runner }: HeldAttempt): Pick<Stop, 'ping' | 'forceAt'> {
    return { ping: runner?.ping() ?? 0, forceAt: this.#clock.monotonicMs() + this.#killGraceMs }
  }
}

import type { Clock, Events } from '@taskflow/kernel'
import type { RunnerHandle } from '../placement/runner-handle.ts'
import type { SharedRunner } from '../placement/shared-runner.ts'
import type { AbandonedHandlers } from './abandoned-handlers.ts'
import type { Slots } from './slots.ts'
import type { Withdraw } from './withdraw.ts'

interface Deps {
  readonly slots: Slots
  readonly shared: Pick<SharedRunner, 'current' | 'isReady' | 'replace'>
  readonly withdraw: Withdraw
  readonly abandoned: Pick<AbandonedHandlers, 'onGone'>
  readonly clock: Clock
  readonly events: Events
}

// The lag of the handlers' loop is known to half a second, at two small messages a second.
const PING_MS = 500
// Two seconds: longer than a collection of garbage or a busy machine delays a loop. The rounds are counted and not the
// time, because a process that was frozen reads the answers only after its timers.
const BLOCKED_AFTER_PINGS = 4
const NAMED_ATTEMPTS = 10

interface Blocked {
  readonly runner: RunnerHandle
  readonly since: number
}

/**
 * Watches whether the loop of the shared runner answers. While a handler blocks the loop:
 *
 * - This worker claims no task that would run in it (`claim-permission.ts`).
 * - Attempts that the runner has not begun are released, because another worker may be free.
 * - Attempts that have begun stay: one of them blocks the loop, and may end. A deadline or a cancellation of any of them
 *   ends the runner (`forced-stop.ts`). A runner in which no held attempt is left is replaced at once.
 */
export class LoopWatch {
  readonly #deps: Deps
  readonly #stopping = new AbortController()
  #lastPing = 0
  #missed = 0
  #firstMissedAt = 0
  #blocked: Blocked | undefined

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Milliseconds since the loop of the shared runner last answered; 0 unless it counts as blocked. */
  get blockedMs(): number {
    return this.isBlocked && this.#blocked ? this.#deps.clock.monotonicMs() - this.#blocked.since : 0
  }

  get isBlocked(): boolean {
    const { shared } = this.#deps
    const runner = this.#blocked?.runner
    return runner !== undefined && runner === shared.current && !runner.hasAnswered(this.#lastPing)
  }

  start(): void {
    void this.#watch()
  }

  stop(): void {
    this.#stopping.abort()
  }

  async #watch(): Promise<void> {
    const { shared, clock } = this.#deps
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const runner = shared.isReady ? shared.current : undefined
      const sentAt = clock.monotonicMs()
      if (runner) this.#lastPing = runner.ping()
      await clock.sleep(PING_MS, signal)
      if (!signal.aborted) this.#judge(runner, sentAt)
    }
  }

  #judge(runner: RunnerHandle | undefined, sentAt: number): void {
    const isSilent = runner !== undefined && runner === this.#deps.shared.current && !runner.hasAnswered(this.#lastPing)
    if (isSilent) this.#onMissed(runner, sentAt)
    else this.#onAnswer()
  }

  #onMissed(runner: RunnerHandle, sentAt: number): void {
    if (this.#missed++ === 0) this.#firstMissedAt = sentAt
    if (this.#missed < BLOCKED_AFTER_PINGS) return
    this.#deps.withdraw(runner)
    if (!this.#blocked) this.#onBlocked(runner)
    this.#replaceIfForsaken(runner)
  }

  #onBlocked(runner: RunnerHandle): void {
    this.#blocked = { runner, since: this.#firstMissedAt }
    const inside = this.#attemptsIn(runner).map(({ lease: { taskId, type } }) => ({ taskId, type }))
    this.#deps.events.emit('runner.blocked', {
      blockedMs: Math.round(this.blockedMs),
      attempts: inside.length,
      begun: inside.slice(0, NAMED_ATTEMPTS),
    })
  }

  #onAnswer(): void {
    this.#missed = 0
    if (!this.#blocked) return
    const blockedMs = Math.round(this.#deps.clock.monotonicMs() - this.#blocked.since)
    this.#blocked = undefined
    this.#deps.events.emit('runner.unblocked', { blockedMs })
  }

  /** Nothing would ever end a runner that an abandoned handler blocks: no attempt is left that could be stopped. */
  #replaceIfForsaken(runner: RunnerHandle): void {
    const { shared, abandoned, events } = this.#deps
    if (this.#attemptsIn(runner).length > 0) return
    events.emit('runner.crashed', { placement: 'shared', reason: 'blocked its loop after its attempts', attempts: 0 })
    shared.replace()
    abandoned.onGone(runner)
  }

  #attemptsIn(runner: RunnerHandle) {
    return [...this.#deps.slots].filter((attempt) => attempt.runner === runner)
  }
}

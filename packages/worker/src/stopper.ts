import type { Clock, Events } from '@taskflow/kernel'
import type { AttemptError, TaskId } from '@taskflow/tasks'
import type { HeldAttempt } from './held-attempt.ts'
import type { Log } from './log.ts'
import type { RunnerHandle } from './placement/runner-handle.ts'
import type { SharedRunner } from './placement/shared-runner.ts'
import type { Slots } from './slots.ts'
import { deadlineOf, forcedOutcome, type Stop } from './stop.ts'

interface Deps {
  readonly slots: Slots
  readonly shared: SharedRunner
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
  readonly killGraceMs: number
  finish(attempt: HeldAttempt, outcome: ReturnType<typeof forcedOutcome>): void
}

// Fine enough that a timeout is not late to the eye, coarse enough that thousands of deadlines cost nothing.
const ROUND_MS = 25
const NEVER = Number.POSITIVE_INFINITY

/**
 * Stops attempts: at their deadline, when they are cancelled, when the worker
 * stops. First by asking, through the AbortSignal; after the grace by force.
 *
 * Force means the death of a runner of one's own. In the shared runner it means
 * to abandon the handler; only when its loop is blocked, so that nobody in it can
 * go on, is the thread replaced and its other attempts handed back.
 */
export interface Stopper {
  /** Keeps an eye on an attempt that has deadlines, for as long as it is in hand. */
  watch(attempt: HeldAttempt): void
  cancel(ids: readonly TaskId[]): void
  drain(): void
  /** Lets go of all attempts unsettled: their leases are no longer this worker's. */
  dropAll(): void
  stop(): void
}

export function stopper(deps: Deps): Stopper {
  const { slots, shared, clock, events, log, killGraceMs, finish } = deps
  const stopping = new AbortController()
  const watched = new Set<HeldAttempt>()
  let isWatching = false

  function watch(attempt: HeldAttempt): void {
    watched.add(attempt)
    if (!isWatching) void keepWatch()
  }

  /** Runs only while there is something to watch, so that an idle worker sleeps. */
  async function keepWatch(): Promise<void> {
    isWatching = true
    while (watched.size > 0 && !stopping.signal.aborted) {
      await clock.sleep(ROUND_MS, stopping.signal)
      for (const attempt of watched) look(attempt, clock.monotonicMs())
    }
    isWatching = false
  }

  function look(attempt: HeldAttempt, now: number): void {
    if (!slots.get(attempt.key)) return void watched.delete(attempt)
    const { stop } = attempt
    if (stop && stop.forceAt !== NEVER) {
      if (now >= stop.forceAt) force(attempt, stop)
      return
    }
    const { at, message } = deadlineOf(attempt)
    if (now < at) return
    const forceAt = now + killGraceMs
    // Asked anew for a sign of life: the loop may be blocked since the cancel.
    if (stop) attempt.stop = { ...stop, ping: attempt.runner?.ping() ?? 0, forceAt }
    else ask(attempt, 'timedOut', { name: 'TimedOut', message }, forceAt)
  }

  function ask(attempt: HeldAttempt, cause: Stop['cause'], reason: AttemptError, forceAt: number): void {
    if (attempt.stop) return
    attempt.runner?.abort([attempt.key], reason)
    attempt.stop = { cause, reason, ping: attempt.runner?.ping() ?? 0, forceAt }
    watch(attempt)
  }

  function force(attempt: HeldAttempt, stop: Stop): void {
    const { runner } = attempt
    if (!runner) finish(attempt, forcedOutcome(stop))
    else if (runner.placement !== 'shared') kill(attempt, runner, stop)
    else if (runner.hasAnswered(stop.ping) || stop.cause === 'draining') abandon(attempt, stop)
    else replaceBlocked()
  }

  function kill(attempt: HeldAttempt, runner: RunnerHandle, stop: Stop): void {
    void runner.kill()
    const reason = `was killed: ${stop.reason.name}`
    events.emit('runner.crashed', { placement: runner.placement, reason, attempts: 1 })
    finish(attempt, forcedOutcome(stop))
  }

  function abandon(attempt: HeldAttempt, stop: Stop): void {
    const detail = { taskId: attempt.lease.taskId, reason: stop.reason.name }
    log.warn(detail, 'Abandoned a handler that ignored its AbortSignal')
    finish(attempt, forcedOutcome(stop))
  }

  function replaceBlocked(): void {
    const inside = [...slots].filter(({ runner }) => runner === shared.current)
    const reason = 'blocked its loop past a deadline'
    events.emit('runner.crashed', { placement: 'shared', reason, attempts: inside.length })
    shared.replace()
    for (const attempt of inside) finish(attempt, attempt.stop ? forcedOutcome(attempt.stop) : { kind: 'released' })
  }

  function cancel(ids: readonly TaskId[]): void {
    if (ids.length === 0) return
    const wanted = new Set(ids)
    const reason = { name: 'Cancelled', message: 'The task was cancelled' }
    for (const attempt of [...slots]) {
      if (!wanted.has(attempt.lease.taskId)) continue
      // In the shared runner a cancel is a request; only a deadline of the attempt bounds it.
      ask(attempt, 'cancelled', reason, attempt.isolation === null ? NEVER : clock.monotonicMs() + killGraceMs)
    }
  }

  function drain(): void {
    const reason = { name: 'Draining', message: 'The worker is draining' }
    const forceAt = clock.monotonicMs() + killGraceMs
    for (const attempt of [...slots]) {
      // One that was told to stop before, and obeys only in its own time, has no longer than the others.
      if (attempt.stop) attempt.stop = { ...attempt.stop, forceAt: Math.min(attempt.stop.forceAt, forceAt) }
      else ask(attempt, 'draining', reason, forceAt)
    }
  }

  function dropAll(): void {
    const reason = {
      name: 'LeaseLost',
      message: 'The worker was declared dead, so the task belongs to another attempt',
    }
    for (const attempt of [...slots]) {
      slots.remove(attempt)
      if (attempt.isolation === null) attempt.runner?.abort([attempt.key], reason)
      else void attempt.runner?.kill()
      const { taskId, leaseId, attempt: number } = attempt.lease
      events.emit('lease.lost', { taskId, leaseId, attempt: number })
    }
  }

  return { watch, cancel, drain, dropAll, stop: () => stopping.abort() }
}

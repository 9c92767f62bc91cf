import type { Events } from '@taskflow/kernel'
import type { RunnerHandle } from '../placement/runner-handle.ts'
import type { SharedRunner } from '../placement/shared-runner.ts'
import type { AbandonedHandlers } from './abandoned-handlers.ts'
import type { Finisher } from './finisher.ts'
import type { HeldAttempt } from './held-attempt.ts'
import type { Slots } from './slots.ts'
import { forcedOutcome, type Stop } from './stop.ts'
import type { Withdraw } from './withdraw.ts'

interface Deps {
  readonly slots: Slots
  readonly shared: Pick<SharedRunner, 'current' | 'replace'>
  readonly finisher: Pick<Finisher, 'finish'>
  readonly withdraw: Withdraw
  readonly abandoned: Pick<AbandonedHandlers, 'add' | 'onGone'>
  readonly events: Events
}

/**
 * Stops an attempt that ignored its AbortSignal for longer than the grace.
 *
 * - An attempt in a runner of its own: the runner is killed.
 * - An attempt that the shared runner has not begun: it is withdrawn, with all others that have not begun.
 * - An attempt in the shared runner, whose loop is blocked, so that no handler in it can go on: the runner is replaced
 *   and the other attempts in it are released. A drain abandons the handler here too, because it ends all of them.
 * - An attempt in the shared runner, whose loop answers: the handler is abandoned, and its outcome not counted. If the
 *   stop may not abandon it, the attempt goes on, and still occupies its slot.
 */
export type ForcedStop = (attempt: HeldAttempt, stop: Stop) => void

export function forcedStop({ slots, shared, finisher, withdraw, abandoned, events }: Deps): ForcedStop {
  function kill(attempt: HeldAttempt, runner: RunnerHandle, stop: Stop): void {
    void runner.kill()
    const reason = `was killed: ${stop.reason.name}`
    events.emit('runner.crashed', { placement: runner.placement, reason, attempts: 1 })
    finisher.finish(attempt, forcedOutcome(stop))
  }

  function abandon(attempt: HeldAttempt, stop: Stop): void {
    abandoned.add(attempt, stop.cause)
    finisher.finish(attempt, forcedOutcome(stop))
  }

  function replaceBlocked(runner: RunnerHandle): void {
    withdraw(runner)
    const inside = [...slots].filter((attempt) => attempt.runner === runner)
    const reason = 'blocked its loop past a deadline or a cancellation'
    events.emit('runner.crashed', { placement: 'shared', reason, attempts: inside.length })
    shared.replace()
    abandoned.onGone(runner)
    for (const attempt of inside)
      finisher.finish(attempt, attempt.stop ? forcedOutcome(attempt.stop) : { kind: 'released' })
  }

  return (attempt, stop) => {
    const { runner } = attempt
    if (!runner) finisher.finish(attempt, forcedOutcome(stop))
    else if (runner.placement !== 'shared') kill(attempt, runner, stop)
    else if (!runner.hasBegun(attempt.position)) withdraw(runner)
    else if (!runner.hasAnswered(stop.ping) && stop.cause !== 'draining') replaceBlocked(runner)
    else if (stop.mayAbandon) abandon(attempt, stop)
  }
}

import type { Events } from '@taskflow/kernel'
import type { Log } from '../log.ts'
import type { RunnerHandle } from '../placement/runner-handle.ts'
import type { SharedRunner } from '../placement/shared-runner.ts'
import type { Finisher } from './finisher.ts'
import type { HeldAttempt } from './held-attempt.ts'
import type { Slots } from './slots.ts'
import { forcedOutcome, type Stop } from './stop.ts'

interface Deps {
  readonly slots: Slots
  readonly shared: Pick<SharedRunner, 'current' | 'replace'>
  readonly finisher: Pick<Finisher, 'finish'>
  readonly events: Events
  readonly log: Log
}

/**
 * Ends an attempt that ignored its AbortSignal for longer than the grace.
 *
 * - An attempt in a runner of its own: the runner is killed.
 * - An attempt in the shared runner, whose loop still answers: the handler is abandoned, and its outcome not counted.
 * - An attempt in the shared runner, whose loop is blocked, so that no handler in it can go on: the runner is replaced
 *   and the other attempts in it are released. A drain abandons the handler here too, because it ends all of them.
 */
export type ForcedStop = (attempt: HeldAttempt, stop: Stop) => void

export function forcedStop({ slots, shared, finisher, events, log }: Deps): ForcedStop {
  function kill(attempt: HeldAttempt, runner: RunnerHandle, stop: Stop): void {
    void runner.kill()
    const reason = `was killed: ${stop.reason.name}`
    events.emit('runner.crashed', { placement: runner.placement, reason, attempts: 1 })
    finisher.finish(attempt, forcedOutcome(stop))
  }

  function abandon(attempt: HeldAttempt, stop: Stop): void {
    const detail = { taskId: attempt.lease.taskId, reason: stop.reason.name }
    log.warn(detail, 'Abandoned a handler that ignored its AbortSignal')
    finisher.finish(attempt, forcedOutcome(stop))
  }

  function replaceBlocked(): void {
    const inside = [...slots].filter(({ runner }) => runner === shared.current)
    const reason = 'blocked its loop past a deadline'
    events.emit('runner.crashed', { placement: 'shared', reason, attempts: inside.length })
    shared.replace()
    for (const attempt of inside)
      finisher.finish(attempt, attempt.stop ? forcedOutcome(attempt.stop) : { kind: 'released' })
  }

  return (attempt, stop) => {
    const { runner } = attempt
    if (!runner) finisher.finish(attempt, forcedOutcome(stop))
    else if (runner.placement !== 'shared') kill(attempt, runner, stop)
    else if (runner.hasAnswered(stop.ping) || stop.cause === 'draining') abandon(attempt, stop)
    else replaceBlocked()
  }
}

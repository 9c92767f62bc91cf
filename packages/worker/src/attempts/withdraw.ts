import type { RunnerHandle } from '../placement/runner-handle.ts'
import type { Finisher } from './finisher.ts'
import type { Slots } from './slots.ts'
import { forcedOutcome } from './stop.ts'

interface Deps {
  readonly slots: Slots
  readonly finisher: Pick<Finisher, 'end'>
}

/**
 * Withdraws the orders that a runner has not begun, because its loop does not answer, and releases their attempts.
 * Another worker may run them meanwhile: this runner never will.
 */
export type Withdraw = (runner: RunnerHandle) => void

export function withdrawer({ slots, finisher }: Deps): Withdraw {
  return (runner) => {
    runner.revoke()
    for (const attempt of [...slots]) {
      if (attempt.runner !== runner || runner.hasBegun(attempt.position)) continue
      finisher.end(attempt, attempt.stop ? forcedOutcome(attempt.stop) : { kind: 'released' })
    }
    slots.fill()
  }
}

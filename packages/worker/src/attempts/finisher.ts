import type { AttemptOutcome } from '@taskflow/tasks'
import type { HeldAttempt } from './held-attempt.ts'
import type { Settler } from './settler.ts'
import type { Slots } from './slots.ts'
import { forcedOutcome } from './stop.ts'

interface Deps {
  readonly slots: Pick<Slots, 'get' | 'remove' | 'fill'>
  readonly settler: Pick<Settler, 'settle'>
}

/** Ends attempts: frees the slot and has the outcome settled. A second end of the same attempt is ignored. */
export interface Finisher {
  /** Ends an attempt; the caller fills the slots once it has ended all that end together. */
  end(attempt: HeldAttempt, outcome: AttemptOutcome): void
  /** Ends an attempt and fills its slot. */
  finish(attempt: HeldAttempt, outcome: AttemptOutcome): void
  /** Whether an attempt is still to be run: it may have been stopped or dropped while it waited to start. */
  isStillWanted(attempt: HeldAttempt): boolean
}

export function finisher({ slots, settler }: Deps): Finisher {
  function end(attempt: HeldAttempt, outcome: AttemptOutcome): void {
    if (slots.remove(attempt)) settler.settle(attempt, outcome)
  }

  return {
    end,
    finish(attempt, outcome) {
      end(attempt, outcome)
      slots.fill()
    },
    isStillWanted(attempt) {
      if (attempt.stop) end(attempt, forcedOutcome(attempt.stop))
      return slots.get(attempt.key) !== undefined
    },
  }
}

import type { Model } from './checker.ts'
import { type Fact, RULES, type Rules, stepsFrom } from './lease-protocol.ts'
import { isOver, type Size, type State, startOf } from './lease-state.ts'
import { NEVER_LOST, PROMISES } from './promises.ts'
import { keyOf } from './state-key.ts'

/** Builds the lease protocol at a size, with all of its rules or fewer, and the promises that it must keep. */
export function leaseModel(size: Size, rules: Rules = RULES): Model<State, Fact> {
  return {
    start: startOf(size),
    laws: PROMISES,
    ending: NEVER_LOST,
    steps: (state) => stepsFrom(state, rules, size),
    key: keyOf,
    isEnd: ({ tasks }) => tasks.every(isOver),
  }
}

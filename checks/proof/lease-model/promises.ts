import { CRASH_LIMIT } from '@taskflow/tasks'
import type { Law } from './checker.ts'
import type { Fact } from './lease-protocol.ts'
import { isOver, rowOf, type State, type Task, taskAt } from './lease-state.ts'

/** The promises that the lease keeps, as laws of one step. That no task is lost (P2) is the checker's own: the end stays within reach. */
export const NEVER_LOST = {
  promise: 'P2',
  sentence:
    'Whatever went wrong, every task can still come to its end, without another accident and without anybody’s help',
} as const

export const PROMISES: readonly Law<State, Fact>[] = [
  {
    promise: 'P3',
    sentence: 'An attempt is ended only by who presents the lease that the task has now',
    isBroken: (before, _, fact) => fact?.kind === 'ended' && taskAt(before, fact.task).lease !== fact.lease,
  },
  {
    promise: 'P3',
    sentence: 'A task that came to its end keeps it: no second result is accepted',
    isBroken: (before, after) =>
      some(before, (task, number) => isOver(task) && taskAt(after, number).state !== task.state),
  },
  {
    promise: 'P3',
    sentence: 'A settlement that was accepted is not called stale when it is sent again',
    isBroken: (_before, _after, fact) => fact?.kind === 'disowned',
  },
  {
    promise: 'P4',
    sentence:
      'No worker is declared dead that did not let a whole period pass without a heartbeat, while the database was there',
    isBroken: (before, _, fact) => fact?.kind === 'lost' && rowOf(before, fact.of).heard !== 'silent',
  },
  {
    promise: 'P4',
    sentence: 'No task is taken from a worker that counts as alive',
    isBroken(before, _, fact) {
      if (fact?.kind !== 'ended' || !fact.isByRescuer) return false
      const { holder } = taskAt(before, fact.task)
      return holder !== null && rowOf(before, holder).state === 'living'
    },
  },
  {
    promise: 'P7',
    sentence: 'A task that was to be cancelled never starts again',
    isBroken: (before, _, fact) => fact?.kind === 'claimed' && taskAt(before, fact.task).isCancelAsked,
  },
  {
    promise: 'P11',
    sentence: `A task that took ${CRASH_LIMIT} processes with it has come to its end`,
    isBroken: (_, after) => some(after, (task) => task.deaths >= CRASH_LIMIT && !isOver(task)),
  },
  {
    promise: 'P12',
    sentence: 'An attempt that was handed back, or ended with its worker, costs the task no attempt',
    isBroken(before, after, fact) {
      if (fact?.kind !== 'ended' || (fact.ending !== 'release' && fact.ending !== 'rescue')) return false
      return taskAt(after, fact.task).attempt !== taskAt(before, fact.task).attempt - 1
    },
  },
]

/** Not by `some` of arrays, which would make a closure of each law for each of millions of steps. */
function some({ tasks }: State, holds: (task: Task, number: number) => boolean): boolean {
  for (let number = 0; number < tasks.length; number++) if (holds(taskAt({ tasks }, number), number)) return true
  return false
}

import { CRASH_LIMIT } from '@taskflow/tasks'
import type { Law } from './checker.ts'
import type { Fact } from './lease-protocol.ts'
import { isOver, rowOf, type State, type Task, taskAt } from './lease-state.ts'

/** The promise that no task is lost. The checker itself checks it: the end must stay reachable. */
export const NEVER_LOST = {
  promise: 'P2',
  sentence: 'Every task can still finish after any accidents, without another accident and without help from callers',
} as const

/** The promises that the lease keeps, as laws of one step. */
export const PROMISES: readonly Law<State, Fact>[] = [
  {
    promise: 'P3',
    sentence: 'Only a message that presents the current lease of the task ends an attempt',
    isBroken: (before, _, fact) => fact?.kind === 'ended' && taskAt(before, fact.task).lease !== fact.lease,
  },
  {
    promise: 'P3',
    sentence: 'A finished task keeps its result: no second result is accepted',
    isBroken: (before, after) =>
      some(before, (task, number) => isOver(task) && taskAt(after, number).state !== task.state),
  },
  {
    promise: 'P3',
    sentence: 'An accepted settlement is not refused as stale when it is sent again',
    isBroken: (_before, _after, fact) => fact?.kind === 'refused wrongly',
  },
  {
    promise: 'P4',
    sentence: 'A worker is marked lost only after a whole period without a heartbeat while the database was available',
    isBroken: (before, _, fact) => fact?.kind === 'lost' && rowOf(before, fact.of).heartbeat !== 'silent',
  },
  {
    promise: 'P4',
    sentence: 'No task is rescued from a worker that counts as alive',
    isBroken(before, _, fact) {
      if (fact?.kind !== 'ended' || !fact.isByRescuer) return false
      const { holder } = taskAt(before, fact.task)
      return holder !== null && rowOf(before, holder).state === 'living'
    },
  },
  {
    promise: 'P7',
    sentence: 'A task never starts again after a cancel was requested',
    isBroken: (before, _, fact) => fact?.kind === 'claimed' && taskAt(before, fact.task).isCancelRequested,
  },
  {
    promise: 'P11',
    sentence: `A task that crashed ${CRASH_LIMIT} processes has finished`,
    isBroken: (_, after) => some(after, (task) => task.deaths >= CRASH_LIMIT && !isOver(task)),
  },
  {
    promise: 'P12',
    sentence: 'A released or rescued attempt does not count as an attempt of the task',
    isBroken(before, after, fact) {
      if (fact?.kind !== 'ended' || (fact.ending !== 'release' && fact.ending !== 'rescue')) return false
      return taskAt(after, fact.task).attempt !== taskAt(before, fact.task).attempt - 1
    },
  },
]

/** Replaces `Array.some`, which would create a closure for each law in each of millions of steps. */
function some({ tasks }: State, holds: (task: Task, number: number) => boolean): boolean {
  for (let number = 0; number < tasks.length; number++) if (holds(taskAt({ tasks }, number), number)) return true
  return false
}

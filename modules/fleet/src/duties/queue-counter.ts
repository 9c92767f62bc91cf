import type { PeriodicService } from '@taskflow/kernel'
import { type DutyDeps, duty } from '@taskflow/kernel'
import type { FleetDutyStore } from '../ports/duty-store.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<FleetDutyStore, 'countQueues'>
}

const MIN_PAUSE_MS = 1_000
// The longest pause while no count changes, and so the longest delay of a change.
const IDLE_PAUSE_MS = 5_000
// Counting takes at most 2 % of a connection's time, however long the queues are.
const PAUSE_PER_WORK = 50

/** Counts the tasks of each queue, so that no request has to. */
export function queueCounter({ storage, ...deps }: Deps): PeriodicService {
  let idlePauseMs = MIN_PAUSE_MS

  return duty({
    ...deps,
    name: 'queueCounter',
    intervalMs: MIN_PAUSE_MS,
    async round() {
      const startedMs = deps.clock.monotonicMs()
      const changed = await storage.countQueues()
      const workMs = deps.clock.monotonicMs() - startedMs
      idlePauseMs = changed > 0 ? MIN_PAUSE_MS : Math.min(IDLE_PAUSE_MS, 2 * idlePauseMs)
      return Math.max(idlePauseMs, PAUSE_PER_WORK * workMs)
    },
  })
}

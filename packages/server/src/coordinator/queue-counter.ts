import type { DutyStore, PeriodicService } from '@taskflow/core'
import { type DutyDeps, duty } from './duty.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<DutyStore, 'countQueues'>
}

const MIN_PAUSE_MS = 1_000
// At most one part in fifty of a connection's time goes into counting, however long the queues are.
const PAUSE_PER_WORK = 50

/** Counts the queues, so that no request has to. */
export function queueCounter({ storage, ...deps }: Deps): PeriodicService {
  return duty({
    ...deps,
    name: 'queueCounter',
    intervalMs: MIN_PAUSE_MS,
    async round() {
      const startedMs = deps.clock.monotonicMs()
      await storage.countQueues()
      return Math.max(MIN_PAUSE_MS, PAUSE_PER_WORK * (deps.clock.monotonicMs() - startedMs))
    },
  })
}

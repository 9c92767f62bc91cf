import type { PeriodicService } from '@taskflow/kernel'
import { type DutyDeps, duty } from '@taskflow/kernel'
import type { TaskDutyStore } from '../ports/duty-store.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<TaskDutyStore, 'vacuumTables'>
}

const MIN_PAUSE_MS = 10_000
const PAUSE_PER_WORK = 50

/** Does for PGlite what autovacuum does for a server: the dead rows of a busy table slow down every claim. */
export function vacuum({ storage, ...deps }: Deps): PeriodicService {
  return duty({
    ...deps,
    name: 'vacuum',
    intervalMs: MIN_PAUSE_MS,
    async round() {
      const startedMs = deps.clock.monotonicMs()
      await storage.vacuumTables()
      return Math.max(MIN_PAUSE_MS, PAUSE_PER_WORK * (deps.clock.monotonicMs() - startedMs))
    },
  })
}

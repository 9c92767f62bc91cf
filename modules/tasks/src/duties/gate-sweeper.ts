import type { PeriodicService } from '@taskflow/kernel'
import { type DutyDeps, duty } from '@taskflow/kernel'
import type { TaskDutyStore } from '../ports/duty-store.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<TaskDutyStore, 'readmitFromOpenGates'>
}

/**
 * Readmits tasks that wait at a gate that is open. The process that stores a task, or that opens the gate, does this at
 * once; the sweeper does it where that process died in between, or submitted in a transaction of its caller's.
 */
export function gateSweeper({ storage, ...deps }: Deps): PeriodicService {
  return duty({
    ...deps,
    name: 'gateSweeper',
    // One look-up for each gate at which tasks wait; of an empty index while no gate is used.
    intervalMs: 10_000,
    async round(isOver) {
      let count: number
      do {
        count = await storage.readmitFromOpenGates()
        if (count > 0) deps.events.emit('tasks.readmitted', { count })
      } while (count > 0 && !isOver())
      return undefined
    },
  })
}

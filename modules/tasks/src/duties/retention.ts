import type { PeriodicService } from '@taskflow/kernel'
import { type DutyDeps, duty } from '@taskflow/kernel'
import type { TaskDutyStore } from '../ports/duty-store.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<TaskDutyStore, 'applyRetention'>
}

/** Creates the partitions of the next days, and drops the partitions of days whose tasks are all past their retention. */
export function retention({ storage, ...deps }: Deps): PeriodicService {
  return duty({
    ...deps,
    name: 'retention',
    intervalMs: 600_000,
    async round() {
      const { droppedPartitions } = await storage.applyRetention()
      if (droppedPartitions.length > 0) deps.events.emit('partitions.dropped', { names: droppedPartitions })
      return undefined
    },
  })
}

import { type DutyDeps, duty, type PeriodicService } from '@taskflow/kernel'
import type { FleetDutyStore } from '../ports/duty-store.ts'
import { SILENT_AFTER_MS } from './rescuer.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<FleetDutyStore, 'findDuties'>
  wakeDuty(name: string): void
}

/**
 * Polls each second, by one statement, whether there is anything to promote, to expire or to rescue, and wakes the duties
 * concerned. On an idle system this is the only query; if each duty polled for itself, there would be six a second.
 */
export function dutyPoller({ storage, wakeDuty, ...deps }: Deps): PeriodicService {
  return duty({
    ...deps,
    name: 'dutyPoller',
    intervalMs: 1_000,
    async round(isOver) {
      const found = await storage.findDuties(SILENT_AFTER_MS)
      if (isOver()) return undefined
      if (found.promote) wakeDuty('promoter')
      if (found.expire) wakeDuty('expirer')
      if (found.loseWorkers || found.rescue) wakeDuty('rescuer')
      return undefined
    },
  })
}

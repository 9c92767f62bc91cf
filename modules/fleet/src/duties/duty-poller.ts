import { type DutyDeps, duty, type PeriodicService } from '@taskflow/kernel'
import type { FleetDutyStore } from '../ports/duty-store.ts'
import { LOST_AFTER_MS } from './rescuer.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<FleetDutyStore, 'findDuties'>
  wakeDuty(name: string): void
}

/**
 * Polls once a second, with one statement, for tasks to promote, expire or rescue and for workers to mark lost, and wakes
 * the duties concerned. This is the only query of an idle system; if each duty polled for itself, there would be six a
 * second.
 */
export function dutyPoller({ storage, wakeDuty, ...deps }: Deps): PeriodicService {
  return duty({
    ...deps,
    name: 'dutyPoller',
    intervalMs: 1_000,
    async round(isOver) {
      const found = await storage.findDuties(LOST_AFTER_MS)
      if (isOver()) return undefined
      if (found.promote) wakeDuty('promoter')
      if (found.expire) wakeDuty('expirer')
      if (found.markLost || found.rescue) wakeDuty('rescuer')
      return undefined
    },
  })
}

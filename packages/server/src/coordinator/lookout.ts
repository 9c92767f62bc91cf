import type { DutyStore, PeriodicService } from '@taskflow/core'
import { type DutyDeps, duty } from './duty.ts'
import { SILENT_AFTER_MS } from './rescuer.ts'

type Woken = Pick<PeriodicService, 'wake'>

interface Deps extends DutyDeps {
  readonly storage: Pick<DutyStore, 'findDuties'>
  readonly promoter: Woken
  readonly expirer: Woken
  readonly rescuer: Woken
}

/**
 * Looks each second, by one statement, whether there is anything to promote, to expire or to rescue, and wakes those
 * whose duty it is. On a system at rest that is all that is asked, where each of them asking for itself would
 * cost six statements a second.
 */
export function lookout({ storage, promoter, expirer, rescuer, ...deps }: Deps): PeriodicService {
  return duty({
    ...deps,
    name: 'lookout',
    intervalMs: 1_000,
    async round(isOver) {
      const found = await storage.findDuties(SILENT_AFTER_MS)
      if (isOver()) return undefined
      if (found.promote) promoter.wake()
      if (found.expire) expirer.wake()
      if (found.bury || found.rescue) rescuer.wake()
      return undefined
    },
  })
}

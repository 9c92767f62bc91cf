import type { DutyStore, PeriodicService } from '@taskflow/core'
import { type DutyDeps, duty } from './duty.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<DutyStore, 'expireTasks'>
}

const BATCH = 500

/** Fails tasks that nobody started, or that did not finish, within the time their caller gave them. */
export function expirer({ storage, clock, events }: Deps): PeriodicService {
  return duty({
    name: 'expirer',
    clock,
    events,
    intervalMs: 1_000,
    async round(signal) {
      let count: number
      do {
        count = await storage.expireTasks(BATCH)
        if (count > 0) events.emit('tasks.expired', { count })
      } while (count === BATCH && !signal.aborted)
      return undefined
    },
  })
}

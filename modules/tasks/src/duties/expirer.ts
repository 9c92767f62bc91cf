import type { PeriodicService } from '@taskflow/kernel'
import { type DutyDeps, duty, FALLBACK_PAUSE_MS } from '@taskflow/kernel'
import type { TaskDutyStore } from '../ports/duty-store.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<TaskDutyStore, 'expireTasks'>
}

const BATCH = 500

/** Fails waiting tasks whose schedule-to-start or schedule-to-close timeout has passed. */
export function expirer({ storage, ...deps }: Deps): PeriodicService {
  return duty({
    ...deps,
    name: 'expirer',
    intervalMs: FALLBACK_PAUSE_MS,
    async round(isOver) {
      let count: number
      do {
        count = await storage.expireTasks(BATCH)
        if (count > 0) deps.events.emit('tasks.expired', { count })
      } while (count === BATCH && !isOver())
      return undefined
    },
  })
}

import type { PeriodicService } from '@taskflow/kernel'
import { type DutyDeps, duty, FALLBACK_PAUSE_MS } from '@taskflow/kernel'
import type { TaskDutyStore } from '../ports/duty-store.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<TaskDutyStore, 'promoteTasks'>
}

// A due task that another transaction has locked is skipped, and must not be queried again without a pause.
const SHORTEST_PAUSE_MS = 5
const BATCH = 1_000

/**
 * Moves tasks to queued when they are due. Sleeps until the next task is due instead of polling. The wake-up `due` announces
 * a task that is due earlier; if the wake-up is lost, the duty poller finds the task.
 */
export function promoter({ storage, ...deps }: Deps): PeriodicService {
  return duty({
    ...deps,
    name: 'promoter',
    intervalMs: FALLBACK_PAUSE_MS,
    async round(isOver) {
      let count = 0
      for (;;) {
        const { promoted, nextDueInMs } = await storage.promoteTasks(BATCH)
        count += promoted
        if (promoted < BATCH || isOver()) {
          if (count > 0) deps.events.emit('tasks.promoted', { count })
          if (nextDueInMs === null) return undefined
          return Math.min(FALLBACK_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, Math.ceil(nextDueInMs)))
        }
      }
    },
  })
}

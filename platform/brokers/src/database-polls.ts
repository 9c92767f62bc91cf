import type { Clock } from '@taskflow/kernel'
import type { Delivery } from '@taskflow/tasks'

// The pause after the broker delivered tasks, or a poll found some.
const FIRST_PAUSE_MS = 5_000
// The pause after a poll that found nothing.
const IDLE_PAUSE_MS = 10_000

/** Says when a consumer that receives nothing from the broker should poll the database. */
export interface DatabasePolls {
  dueInMs(): number
  /** Call this when the broker has delivered tasks: it has not lost all of its dispatches. */
  postpone(): void
  /** Returns a poll in the form of a delivery. */
  deliver(max: number): Delivery
}

/**
 * A fallback for dispatches that the broker has lost. A consumer that receives nothing for five seconds polls the database.
 * It polls again at once while it finds as many tasks as it can take, and every ten seconds while it finds none. A lost
 * dispatch therefore delays its task by seconds, and an idle worker runs one cheap statement in that time.
 */
export function databasePolls(clock: Pick<Clock, 'monotonicMs'>): DatabasePolls {
  let dueAt = 0

  function pollIn(ms: number): void {
    dueAt = clock.monotonicMs() + ms
  }

  pollIn(FIRST_PAUSE_MS)
  return {
    dueInMs: () => Math.max(0, dueAt - clock.monotonicMs()),
    postpone: () => pollIn(FIRST_PAUSE_MS),
    deliver(max) {
      pollIn(IDLE_PAUSE_MS)
      return {
        tasks: 'any',
        async acknowledge(claimed) {
          if (claimed > 0) pollIn(claimed < max ? FIRST_PAUSE_MS : 0)
        },
        async release() {
          pollIn(FIRST_PAUSE_MS)
        },
      }
    },
  }
}

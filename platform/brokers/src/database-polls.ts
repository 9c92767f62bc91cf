import type { Clock } from '@taskflow/kernel'
import type { Delivery } from '@taskflow/tasks'

// After the broker gave something, or a look found something.
const FIRST_PAUSE_MS = 5_000
// After a look that found nothing.
const IDLE_PAUSE_MS = 10_000

/** When a taker to whom the broker gives nothing should look into the database itself. */
export interface DatabasePolls {
  dueInMs(): number
  /** The broker gave something: it is not silent for having lost what it held. */
  postpone(): void
  /** A look, as a delivery. */
  deliver(max: number): Delivery
}

/**
 * A net below a broker that loses words: a taker to whom it gives nothing for five seconds looks into
 * the database, again at once while it finds as much as it can carry, and every ten seconds while it finds nothing.
 * So a lost word costs seconds, and an idle worker one cheap statement in that time.
 */
export function databasePolls(clock: Pick<Clock, 'monotonicMs'>): DatabasePolls {
  let dueAt = 0

  function rest(ms: number): void {
    dueAt = clock.monotonicMs() + ms
  }

  rest(FIRST_PAUSE_MS)
  return {
    dueInMs: () => Math.max(0, dueAt - clock.monotonicMs()),
    postpone: () => rest(FIRST_PAUSE_MS),
    deliver(max) {
      rest(IDLE_PAUSE_MS)
      return {
        tasks: 'any',
        async acknowledge(claimed) {
          if (claimed > 0) rest(claimed < max ? FIRST_PAUSE_MS : 0)
        },
        async release() {
          rest(FIRST_PAUSE_MS)
        },
      }
    },
  }
}

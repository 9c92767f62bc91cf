import type { Clock } from '@taskflow/kernel'

// A delivery follows what lets it come within a few milliseconds, or another taker was before us.
const DELIVERY_MS = 20

/**
 * Whether the next of a line is on its way. Without this a lower class would be
 * served whenever those of a higher one, though many wait, are just not here yet.
 *
 * RabbitMQ does not say what it is about to deliver. But how many wait can be
 * asked; and when all were out that may be, there may be more.
 */
export interface Expectation {
  /** So many wait there. */
  told(waiting: number): void
  delivered(rankMs: number, isAllThatMayBeOut: boolean): void
  /** There is room for more. */
  settled(): void
  /** Whether one is due whose rank may be smaller than this: a line comes in the order of rank, or nearly so. */
  isDueBefore(rankMs: number): boolean
  /** Whether to ask how many wait. */
  readonly isUncertain: boolean
}

export function expectation(clock: Pick<Clock, 'monotonicMs'>): Expectation {
  /** Undefined: nobody knows. */
  let waiting: number | undefined = 0
  let lastRankMs = Number.NEGATIVE_INFINITY
  let dueUntil = 0

  const isOverdue = (): boolean => clock.monotonicMs() >= dueUntil

  function expect(): void {
    dueUntil = clock.monotonicMs() + DELIVERY_MS
  }

  return {
    told(count) {
      waiting = count
      expect()
    },
    delivered(rankMs, isAllThatMayBeOut) {
      lastRankMs = rankMs
      if (waiting) waiting--
      if (waiting === 0 && isAllThatMayBeOut) waiting = undefined
      expect()
    },
    settled() {
      // They may have gone to others.
      if (waiting && isOverdue()) waiting = undefined
      expect()
    },
    isDueBefore: (rankMs) => waiting !== 0 && lastRankMs < rankMs && !isOverdue(),
    get isUncertain() {
      return waiting === undefined
    },
  }
}

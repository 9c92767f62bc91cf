import type { Clock } from '@taskflow/kernel'
import type { Slots } from '../attempts/slots.ts'

interface Deps {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly slots: Pick<Slots, 'ended'>
}

// A larger claim is no cheaper by the row, and keeps its tasks longer from other workers.
const MAX = 900
// An idle worker could have finished more tasks than it did, so the measured rate is too low.
const MARGIN = { busy: 1.5, idle: 4 } as const
// A rate older than this is not used: the running tasks may have slowed down since.
const FORGET_MS = 100

interface EndedClaim {
  readonly tookMs: number
  /** Whether the claim brought as many tasks as it requested. */
  readonly wasFull: boolean
  /** Whether the worker held no attempt when the claim returned. */
  readonly wasIdle: boolean
}

/**
 * How many tasks to claim in excess of the slots, so that slots do not stay empty during the next claim: as many as end
 * in the time that a claim takes (Little's law, by the rate since the claim before). None when tasks take a second;
 * hundreds when they take microseconds.
 *
 * None after a claim that was not full either: it has emptied the queues, and the rate will be out of date when they
 * fill again, perhaps with tasks of another type.
 */
export interface Prefetch {
  /** Called when a claim has ended. */
  onClaimed(claim: EndedClaim): void
  readonly size: number
}

export function prefetch({ clock, slots }: Deps): Prefetch {
  let countedAt = clock.monotonicMs()
  let counted = 0
  let size = 0

  return {
    onClaimed({ tookMs, wasFull, wasIdle }) {
      const now = clock.monotonicMs()
      const perMs = (slots.ended - counted) / Math.max(now - countedAt, 1)
      countedAt = now
      counted = slots.ended
      const margin = wasIdle ? MARGIN.idle : MARGIN.busy
      size = wasFull ? Math.min(Math.floor(perMs * tookMs * margin), MAX) : 0
    },
    get size() {
      return clock.monotonicMs() - countedAt < FORGET_MS ? size : 0
    },
  }
}

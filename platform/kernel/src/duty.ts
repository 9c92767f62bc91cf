import type { Clock } from './clock.ts'
import type { Events } from './events.ts'
import { type PeriodicService, periodic } from './service.ts'

/** The dependencies of every duty. */
export interface DutyDeps {
  readonly clock: Clock
  readonly events: Events
  /** Whether this process leads at this moment. True by default. */
  readonly isLeading?: () => boolean
}

/**
 * Pause between the rounds of a duty that the duty poller wakes when there is work: its own rounds are only a fallback.
 */
export const FALLBACK_PAUSE_MS = 30_000

interface DutyOptions extends DutyDeps {
  readonly name: string
  readonly intervalMs: number
  /**
   * Does one round and resolves with the pause before the next round, or with undefined for `intervalMs`. A round of
   * several steps calls `isOver` between the steps and stops when it returns true.
   */
  round(isOver: () => boolean): Promise<number | undefined>
}

/** Makes a periodic service that reports the outcome and duration of each round as an event. */
export function duty({ name, intervalMs, round, clock, events, isLeading = () => true }: DutyOptions): PeriodicService {
  return periodic({
    name,
    clock,
    intervalMs,
    async round(signal) {
      const isOver = (): boolean => signal.aborted || !isLeading()
      // After a process was suspended, the pause of a duty may end before the timer that ends the leadership.
      if (isOver()) return undefined
      const startedMs = clock.monotonicMs()
      const pauseMs = await round(isOver)
      events.emit('round.succeeded', { service: name, durationMs: clock.monotonicMs() - startedMs })
      return pauseMs
    },
    onError: (error) => events.emit('round.failed', { service: name, error }),
  })
}

/** A duty of a room: periodic work that the leader does for the whole cluster. */
export interface Duty {
  readonly service: PeriodicService
  /** Calls `wake` whenever there is work for the duty. Resolves with a function that ends the subscription. */
  watch?(wake: () => void): Promise<() => Promise<void> | void> | (() => void)
}

import type { Clock } from './clock.ts'
import type { Events } from './events.ts'
import { type PeriodicService, periodic } from './service.ts'

/** What every duty needs. */
export interface DutyDeps {
  readonly clock: Clock
  readonly events: Events
  /** Whether this process may act for all at this very moment; always where it is absent. */
  readonly isLeading?: () => boolean
}

/** Pause of a duty that the duty poller wakes when there is something for it: its own rounds are a fallback. */
export const WOKEN_DUTY_MS = 30_000

interface DutyOptions extends DutyDeps {
  readonly name: string
  readonly intervalMs: number
  /**
   * One round; resolves with the pause it wants before the next, or nothing for the usual one.
   * One of several steps asks between them whether it is over.
   */
  round(isOver: () => boolean): Promise<number | undefined>
}

/** A periodic service whose rounds can be watched: each tells how it ended and how long it took. */
export function duty({ name, intervalMs, round, clock, events, isLeading = () => true }: DutyOptions): PeriodicService {
  return periodic({
    name,
    clock,
    intervalMs,
    async round(signal) {
      const isOver = (): boolean => signal.aborted || !isLeading()
      // After this process was stopped for a while, its pause may end before the timer that tells it to do its duties no more.
      if (isOver()) return undefined
      const startedMs = clock.monotonicMs()
      const pauseMs = await round(isOver)
      events.emit('round.succeeded', { service: name, durationMs: clock.monotonicMs() - startedMs })
      return pauseMs
    },
    onError: (error) => events.emit('round.failed', { service: name, error }),
  })
}

/** A duty of a room: what one process does for all, while it leads. */
export interface Duty {
  readonly service: PeriodicService
  /** Wakes the duty whenever something calls for it. Resolves with the function that stops this. */
  watch?(wake: () => void): Promise<() => Promise<void> | void> | (() => void)
}

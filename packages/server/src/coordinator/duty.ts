import { type Clock, type Events, type PeriodicService, periodic } from '@taskflow/core'

/** What every duty needs. */
export interface DutyDeps {
  readonly clock: Clock
  readonly events: Events
}

interface Duty extends DutyDeps {
  readonly name: string
  readonly intervalMs: number
  /** One round; resolves with the pause it wants before the next, or nothing for the usual one. */
  round(signal: AbortSignal): Promise<number | undefined>
}

/** A periodic service whose rounds can be watched: each tells how it ended and how long it took. */
export function duty({ name, intervalMs, round, clock, events }: Duty): PeriodicService {
  return periodic({
    name,
    clock,
    intervalMs,
    async round(signal) {
      const startedMs = clock.monotonicMs()
      const pauseMs = await round(signal)
      events.emit('round.succeeded', { service: name, durationMs: clock.monotonicMs() - startedMs })
      return pauseMs
    },
    onError: (error) => events.emit('round.failed', { service: name, error }),
  })
}

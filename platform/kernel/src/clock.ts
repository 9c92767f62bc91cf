/**
 * Time of a process. Moments that are stored come from the database's own clock
 * (`clock_now()` in SQL), so that processes with wrong clocks agree; this one
 * serves pauses and durations.
 */
export interface Clock {
  now(): Date
  /** Milliseconds that never run backwards, from an arbitrary start. */
  monotonicMs(): number
  /** Resolves after the time, or as soon as the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

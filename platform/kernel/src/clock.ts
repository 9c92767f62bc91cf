/**
 * The clock of a process, for pauses and durations only. Stored timestamps come from the database's clock
 * (`clock_now()` in SQL), so that processes whose clocks differ agree.
 */
export interface Clock {
  now(): Date
  /** Milliseconds since an arbitrary start; the value never decreases. */
  monotonicMs(): number
  /** Resolves after `ms` milliseconds, or as soon as the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

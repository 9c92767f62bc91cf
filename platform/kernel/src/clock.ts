/**
 * The clock of a process, for pauses and durations only. Stored timestamps come from the database's clock
 * (`clock_now()` in SQL, or `DatabaseClock`), so that processes whose clocks differ agree.
 */
export interface Clock {
  now(): Date
  /** Milliseconds since an arbitrary start; the value never decreases. */
  monotonicMs(): number
  /** Resolves after `ms` milliseconds, or as soon as the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/**
 * The clock of the database as this process knows it. Times that a process must name itself follow it: those in ids, by
 * which lists are ordered and filtered, and those of log lines.
 */
export interface DatabaseClock extends Pick<Clock, 'now'> {
  /** Converts a time by the clock of this machine. */
  at(local: Date): Date
}

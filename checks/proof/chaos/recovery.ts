/** How a run stood at one moment, by its database. */
export interface Sample {
  readonly atMs: number
  /** How long the task that waits longest has been ready; undefined where the database did not answer. */
  readonly waitingMs: number | undefined
  /** For how long the holder of a running task has given no sign of life; 0 where all do. */
  readonly silentMs: number
  readonly unfinished: number
}

// Ready tasks are served within a second even where word of them is lost.
const WAITING_MS = 1_500
// A heartbeat a second, and one that is late.
const SILENT_MS = 3_000
// So long it must last: what harm does is not seen at once.
const CALM_FOR_MS = 3_000

/** Nothing waits longer than it does on an ordinary day, and nothing is held by the dead. */
export const isCalm = ({ waitingMs, silentMs }: Sample): boolean =>
  waitingMs !== undefined && waitingMs < WAITING_MS && silentMs < SILENT_MS

/** The moment from which on all was calm; undefined while that has not lasted. */
export function calmSince(samples: readonly Sample[], fromMs: number): number | undefined {
  let sinceMs: number | undefined
  for (const sample of samples) {
    if (sample.atMs < fromMs) continue
    if (!isCalm(sample)) sinceMs = undefined
    else sinceMs ??= sample.atMs
    if (sinceMs !== undefined && sample.atMs - sinceMs >= CALM_FOR_MS) return sinceMs
  }
  return undefined
}

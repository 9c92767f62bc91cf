/** The state of a run at one moment, as its database shows it. */
export interface Sample {
  readonly atMs: number
  /** The longest time that a ready task has waited; undefined where the database did not answer. */
  readonly waitingMs: number | undefined
  /** The age of the oldest heartbeat of a worker with a running task; 0 where no task runs. */
  readonly silentMs: number
  readonly unfinished: number
}

// A poll finds a ready task within a second even when its dispatch is lost.
const WAITING_MS = 1_500
// Heartbeats come every second; one may be late.
const SILENT_MS = 3_000
// The effects of a harm may show late.
const CALM_FOR_MS = 3_000

/** Whether no task waits longer than usual, and no silent worker holds one. */
export const isCalm = ({ waitingMs, silentMs }: Sample): boolean =>
  waitingMs !== undefined && waitingMs < WAITING_MS && silentMs < SILENT_MS

/** Returns the moment at which a lasting calm began; undefined while there is none. */
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

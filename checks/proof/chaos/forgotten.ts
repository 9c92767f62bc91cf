import type { WitnessOf } from '@taskflow/testing/witness'

/** From the beginning of what ended a PostgreSQL without its tidying up, to the moment it was back. */
export interface Crash {
  readonly fromMs: number
  readonly toMs: number
}

export interface Start extends WitnessOf<'started'> {
  /** When its lease was claimed. */
  readonly claimedAtMs: number
}

// PostgreSQL writes what was committed without waiting within three rounds of its WAL writer, 200 ms each; the rest is for a machine
// that is busy.
const UNWRITTEN_MS = 2_000

/**
 * Starts under leases that a crashed PostgreSQL has forgotten.
 *
 * A claim is committed without waiting for the disk (`synchronous_commit=off`): nobody has been promised anything by then, so a claim that
 * a crash takes back is a task that is queued again, and runs once more. What its first run brings is refused, since its lease is no
 * row's. That is no broken promise: submissions and settlements, which are answered, do wait. It is told apart from an attempt that ran
 * without any claim by its moment alone: it was claimed just before a crash, or while the database was going down.
 */
export function forgottenStarts(
  starts: readonly Start[],
  known: ReadonlySet<string>,
  crashes: readonly Crash[],
): Set<Start> {
  const isLost = ({ claimedAtMs }: Start): boolean =>
    crashes.some(({ fromMs, toMs }) => claimedAtMs >= fromMs - UNWRITTEN_MS && claimedAtMs <= toMs)
  return new Set(starts.filter((start) => !known.has(start.leaseId) && isLost(start)))
}

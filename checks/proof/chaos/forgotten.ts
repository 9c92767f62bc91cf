import type { WitnessOf } from '@taskflow/testing/witness'

/** The time from the harm that ended PostgreSQL without a clean shutdown to its restart. */
export interface Crash {
  readonly fromMs: number
  readonly toMs: number
}

export interface Start extends WitnessOf<'started'> {
  readonly claimedAtMs: number
}

// PostgreSQL writes asynchronous commits within three rounds of its WAL writer, 200 ms each; the rest is a margin for a
// busy machine.
const UNWRITTEN_MS = 2_000

/**
 * Returns the starts under leases that a crash of PostgreSQL has undone.
 *
 * A claim is committed without waiting for the disk (`synchronous_commit=off`), because nothing has been promised to
 * anybody by then. A crash that undoes the claim queues the task again; it runs once more, and the result of the first
 * run is refused, because no row has its lease. No promise is broken: submissions and settlements, which are answered,
 * do wait. Only the time of the claim distinguishes such a start from one without any claim: just before a crash, or
 * while the database was going down.
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

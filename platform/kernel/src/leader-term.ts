interface Election {
  readonly term: number
  /** Time of the request for the lease, by the monotonic clock of this process. */
  readonly requestedAtMs: number
  /** Duration of the lease in the database. */
  readonly leaseMs: number
}

/**
 * One term of leadership, with the time for which this process may trust it.
 *
 * The row in the database decides who leads. This process trusts the last reply for the duration of the lease, less a
 * safety margin, counted from its request. A slow reply thus shortens the trust, and the trust ends before the row
 * expires, so an old leader ends before a new one begins. The monotonic clock counts the time, because the time of day
 * may jump.
 */
export class LeaderTerm {
  // Covers the drift between the clocks of this machine and the database during one lease, and late timers.
  static readonly SAFETY_MARGIN_MS = 1_000

  readonly term: number
  readonly #trustedUntilMs: number

  constructor({ term, requestedAtMs, leaseMs }: Election) {
    this.term = term
    this.#trustedUntilMs = requestedAtMs + Math.max(0, leaseMs - LeaderTerm.SAFETY_MARGIN_MS)
  }

  /** Returns the milliseconds for which this process may still act as leader. */
  remainingMs(nowMs: number): number {
    return Math.max(0, this.#trustedUntilMs - nowMs)
  }
}

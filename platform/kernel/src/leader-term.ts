interface Election {
  readonly term: number
  /** When the question was asked to which this is the answer, by the monotonic clock of who asked. */
  readonly askedAtMs: number
  /** For how long the row was taken. */
  readonly leaseMs: number
}

/**
 * One term of leadership, as far as this process is willing to believe in it.
 *
 * The database's row decides who leads. The term only says until when the last
 * answer may be believed: the window is counted from the moment the question was
 * asked, so a slow reply shortens it, and it closes before the row expires, so
 * the old leader has ended before a new one can begin. It is counted by the
 * monotonic clock: the time of day may jump as it likes.
 */
export class LeaderTerm {
  // What the clocks of this machine and the database's may drift apart within a lease, and a timer be late.
  static readonly SAFETY_MARGIN_MS = 1_000

  readonly term: number
  readonly #trustedUntilMs: number

  constructor({ term, askedAtMs, leaseMs }: Election) {
    this.term = term
    this.#trustedUntilMs = askedAtMs + Math.max(0, leaseMs - LeaderTerm.SAFETY_MARGIN_MS)
  }

  /** For how long it may still be believed. */
  remainingMs(nowMs: number): number {
    return Math.max(0, this.#trustedUntilMs - nowMs)
  }
}

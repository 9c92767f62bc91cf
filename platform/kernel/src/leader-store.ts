export interface Candidate {
  /** Name of the leadership. Each name has one leader. */
  readonly name: string
  /** UUID of the candidate, new at each start. */
  readonly holder: string
}

export type Leadership =
  /**
   * A term is one uninterrupted leadership of one holder. The number of a new term is larger than all numbers before.
   */
  | { readonly isLeader: true; readonly term: number }
  /**
   * Time until the lease of the current leader expires. Zero if the lease has expired, or if another candidate was
   * faster.
   */
  | { readonly isLeader: false; readonly expiresInMs: number }

/**
 * Stores who leads, as a row that expires. All its timestamps come from the database's clock, so that processes whose
 * clocks differ agree. A leader counts the duration of its lease from the time of its request.
 */
export interface LeaderStore {
  /** Takes a leadership that is free or has expired, in a new term, or renews the holder's own in the same term. */
  lead(candidate: Candidate & { readonly ttlMs: number }): Promise<Leadership>
  /** Ends the holder's leadership at once and wakes the standbys. Does nothing if another candidate leads. */
  resign(candidate: Candidate): Promise<void>
}

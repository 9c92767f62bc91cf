export interface Candidate {
  /** What is led: there is one leader for each name. */
  readonly name: string
  /** A UUID of who asks, its own each time its process starts. */
  readonly holder: string
}

export type Leadership =
  /** A term is one holder's, without a gap; each new one is larger than all before. */
  | { readonly isLeader: true; readonly term: number }
  /** Until the present leader's time ends, unless it renews it. Zero: somebody was faster just now, or it is over. */
  | { readonly isLeader: false; readonly expiresInMs: number }

/**
 * Who leads, as a row that expires. All moments are the database's, so that processes with wrong clocks agree;
 * a leader counts the time it may trust its row from before it asked.
 */
export interface LeaderStore {
  /** Takes what is free or has expired, in a new term; renews what the holder has, in the same. */
  lead(candidate: Candidate & { readonly ttlMs: number }): Promise<Leadership>
  /** Frees at once what the holder has, and wakes who waits for it; of another's it changes nothing. */
  resign(candidate: Candidate): Promise<void>
}

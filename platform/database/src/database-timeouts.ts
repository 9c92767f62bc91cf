/**
 * Timeouts of statements. The server's own timeout is the shorter one, because its error says more. The other covers a
 * network that drops packets, where TCP alone would wait a quarter of an hour. A connection without a reply for that
 * long is discarded, so that a process works again within 15 s of the network's return.
 */
interface Timeouts {
  /** `statement_timeout` of the server. */
  readonly statementMs: number
  /** Time that this process waits for the reply. */
  readonly queryMs: number
}

/** For lanes: their statements are short, and other statements wait for the same connection. */
export const LANE_TIMEOUTS: Timeouts = { statementMs: 5_000, queryMs: 7_000 }

/** For lists: longer than any list takes on a healthy server, shorter than the timeouts of callers. */
export const POOL_TIMEOUTS: Timeouts = { statementMs: 10_000, queryMs: 12_000 }

/** Time to wait for a connection, new or in use: as long as a statement of a lane may take. */
export const CONNECT_TIMEOUT_MS = 5_000

/** Keeps firewalls from dropping the connections of an idle process. */
export const KEEP_ALIVE_DELAY_MS = 10_000

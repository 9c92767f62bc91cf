/**
 * How long the database is waited for. Of each pair the server's own is the better teller, so it comes first; the
 * other is for a network that swallows what is sent, where TCP alone would wait a quarter of an hour. A connection
 * that was silent for so long is thrown away, so that all is well again within 15 s of the network's return.
 */
interface Patience {
  readonly statementMs: number
  readonly queryMs: number
}

/** For the lanes, whose statements are short and whose one connection others wait for. */
export const LANE_PATIENCE: Patience = { statementMs: 5_000, queryMs: 7_000 }

/** For lists: longer than any takes on a healthy server, shorter than a caller's patience. */
export const POOL_PATIENCE: Patience = { statementMs: 10_000, queryMs: 12_000 }

/** For a connection, be it a new one or one that is in use: as long as a lane's statement may take. */
export const CONNECT_TIMEOUT_MS = 5_000

/** Keeps the connections of an idle process in the tables of the firewalls on their way. */
export const KEEP_ALIVE_DELAY_MS = 10_000

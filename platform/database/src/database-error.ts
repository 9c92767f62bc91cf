import { TaskFlowError } from '@taskflow/kernel'

/**
 * SQLSTATEs of errors that the server causes, not the statement: connection exceptions, insufficient resources,
 * shutdown by an operator, read-only after a failover, a session that has not prepared the statement.
 */
const UNAVAILABLE = /^(08|53|57P|25006|26000|42P05)/

/** The session does not know the name of a prepared statement, or knows another statement by that name. */
const STATEMENT_LOST = /^(26000|42P05)$/

/** The statement timeout or an operator cancelled the statement. */
const CANCELLED = '57014'

const SOCKET_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** Messages of node-postgres and PGlite for a connection that was lost or closed. These errors have no code. */
const LOST =
  /Connection terminated|Client was closed|timeout exceeded when trying to connect|timeout expired|Query read timeout|not queryable|has encountered a connection error|after calling end on the pool|PGlite is closed/

/**
 * Returns whether the session lost a prepared statement. The server reports this error before it runs the statement.
 */
export const isStatementLost = (error: unknown): boolean =>
  STATEMENT_LOST.test(String((error as { code?: unknown }).code))

/** A lock timeout or a deadlock. */
const LOCK_REFUSED = /^(55P03|40P01)$/

/**
 * Returns whether the transaction was rolled back because of the locks of others, so that it may succeed a moment
 * later.
 */
export const isLockRefused = (error: unknown): boolean => LOCK_REFUSED.test(String((error as { code?: unknown }).code))

/** Messages of node-postgres for a connection, new or in use, on which no reply arrived in time. */
const REPLY_TIMEOUT = /Query read timeout|timeout expired|due to connection timeout/

/** Message of node-postgres when all connections of a pool were in use for too long. */
const POOL_EXHAUSTED = /timeout exceeded when trying to connect/

/** Returns whether no reply arrived: the network drops packets, or the server hangs. */
export const isReplyTimeout = (error: unknown): boolean => REPLY_TIMEOUT.test(driverText(error))

/**
 * Returns whether the statement was never sent because no connection became free. This error proves nothing about the
 * server.
 */
export const isPoolExhausted = (error: unknown): boolean => POOL_EXHAUSTED.test(driverText(error))

function driverText(error: unknown): string {
  const { cause = error } = error as { cause?: unknown }
  return cause instanceof Error ? cause.message : ''
}

/** Translates the errors of a driver that mean unavailability or a timeout. Returns any other error unchanged. */
export function translateDatabaseError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code } = error as { code?: unknown }
  if (code === CANCELLED) {
    return new TaskFlowError('QUERY_TOO_SLOW', 'The database cancelled a query that took too long', { cause: error })
  }
  const isOutage =
    typeof code === 'string' ? UNAVAILABLE.test(code) || SOCKET_ERRORS.has(code) : LOST.test(error.message)
  if (!isOutage) return error
  return new TaskFlowError('DATABASE_UNAVAILABLE', 'The database does not answer', { cause: error })
}

/** Returns whether a replica cancelled a read that conflicted with changes from its primary. */
export const isRecoveryConflict = (error: unknown): boolean => /conflict with recovery/.test(driverText(error))

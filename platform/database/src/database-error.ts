import { TaskFlowError } from '@taskflow/kernel'

/**
 * SQLSTATE classes in which the server, not the statement, is at fault: connection
 * exceptions, out of resources, shut down by an operator, read-only after a failover,
 * another session than the one that prepared the statement.
 */
const UNAVAILABLE = /^(08|53|57P|25006|26000|42P05)/

/** The name of a prepared statement is unknown in a session, or taken. */
const STATEMENT_LOST = /^(26000|42P05)$/

/** Cancelled by the statement timeout, or by an operator who would not wait for it. */
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

/** Texts of node-postgres and PGlite for a connection that went away or was closed; these errors carry no code. */
const LOST =
  /Connection terminated|Client was closed|timeout exceeded when trying to connect|timeout expired|Query read timeout|not queryable|has encountered a connection error|after calling end on the pool|PGlite is closed/

/** Whether prepared statements do not survive here. It is told before anything is run. */
export const isStatementLost = (error: unknown): boolean =>
  STATEMENT_LOST.test(String((error as { code?: unknown }).code))

/** A lock that was not to be had in time, or only in a ring with others. */
const LOCK_REFUSED = /^(55P03|40P01)$/

/** Whether all is undone since others hold a lock: it may go well in a moment. */
export const isLockRefused = (error: unknown): boolean => LOCK_REFUSED.test(String((error as { code?: unknown }).code))

/** Texts of node-postgres for a connection on which nothing at all came back in time, be it in use or new. */
const SILENCE = /Query read timeout|timeout expired|due to connection timeout/

/** Its text when every connection of a pool was in use for too long. */
const IN_LINE = /timeout exceeded when trying to connect/

/** Whether nothing came back: the network swallows what is sent, or the server stands still. */
export const isSilence = (error: unknown): boolean => SILENCE.test(driverText(error))

/** Whether it never left: others were before it, and it says nothing of the server. */
export const isFromTheLine = (error: unknown): boolean => IN_LINE.test(driverText(error))

function driverText(error: unknown): string {
  const { cause = error } = error as { cause?: unknown }
  return cause instanceof Error ? cause.message : ''
}

/** Translates, once, what a driver throws when the database is away or gives up. Other errors pass as they are. */
export function translateDatabaseError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code } = error as { code?: unknown }
  if (code === CANCELLED) {
    return new TaskFlowError('QUERY_TOO_SLOW', 'The database gave up on a query that takes too long', { cause: error })
  }
  const isAway = typeof code === 'string' ? UNAVAILABLE.test(code) || SOCKET_ERRORS.has(code) : LOST.test(error.message)
  if (!isAway) return error
  return new TaskFlowError('DATABASE_UNAVAILABLE', 'The database does not answer', { cause: error })
}

/** Whether a replica dropped a read, since what it received from its primary could not wait for it. */
export const isRecoveryConflict = (error: unknown): boolean => /conflict with recovery/.test(driverText(error))

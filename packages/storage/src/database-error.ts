import { TaskFlowError } from '@taskflow/core'

/**
 * SQLSTATE classes in which the server, not the statement, is at fault: connection
 * exceptions, out of resources, shut down by an operator, read-only after a failover.
 */
const UNAVAILABLE = /^(08|53|57P|25006)/

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

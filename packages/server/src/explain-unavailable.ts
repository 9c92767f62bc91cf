import { hasCode, TaskFlowError } from '@taskflow/kernel'

/** The remedies for the operator, by the SQLSTATE or the message of the driver. */
const REMEDIES: readonly (readonly [pattern: RegExp, sentence: string])[] = [
  [/^28/, 'rejects the login of TaskFlow (REASON): check user and password in TASKFLOW_DATABASE_URL'],
  [/^3D/, 'has no such database (REASON): create it, or correct TASKFLOW_DATABASE_URL'],
  [/client password must be a string/, 'requires a password: add one to TASKFLOW_DATABASE_URL'],
]

const NO_ANSWER = 'does not answer (REASON): start it, or correct TASKFLOW_DATABASE_URL'

/**
 * Explains to the operator why PostgreSQL cannot be used at the start, and what to do. Names the address, which callers
 * of the API never see. Other errors are returned as they are.
 */
export function explainUnavailable(error: unknown, databaseUrl: string | undefined): unknown {
  const { code, message } = error as { code?: unknown; message?: string }
  const remedy = REMEDIES.find(([pattern]) => pattern.test(String(code)) || pattern.test(message ?? ''))
  const isUnanswered = hasCode(error, 'DATABASE_UNAVAILABLE')
  if (databaseUrl === undefined || !(remedy || isUnanswered)) return error
  const { message: reason } = (isUnanswered ? ((error as Error).cause ?? error) : error) as Error
  const sentence = (remedy?.[1] ?? NO_ANSWER).replace('REASON', () => reason)
  return new TaskFlowError('DATABASE_UNAVAILABLE', `PostgreSQL at ${new URL(databaseUrl).host} ${sentence}`, {
    cause: error,
  })
}

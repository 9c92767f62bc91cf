import { hasCode, TaskFlowError } from '@taskflow/kernel'

interface Remedy {
  /** Matches the SQLSTATE, the code of Node.js, or the message of the driver. */
  readonly pattern: RegExp
  /** The complaint about PostgreSQL and the advice; REASON stands for its own message. */
  readonly sentence: string
}

const OWN_SCHEMA = 'set TASKFLOW_DATABASE_SCHEMA to a schema for TaskFlow alone, which TaskFlow creates'

/** Remedies for the operator. The first that matches counts. */
const REMEDIES: readonly Remedy[] = [
  {
    pattern: /no encryption|SSL off/,
    sentence: 'only accepts encrypted connections (REASON): add sslmode=require to TASKFLOW_DATABASE_URL',
  },
  {
    pattern: /^28/,
    sentence: 'rejects the login of TaskFlow (REASON): check user and password in TASKFLOW_DATABASE_URL',
  },
  { pattern: /^3D/, sentence: 'has no such database (REASON): create it, or correct TASKFLOW_DATABASE_URL' },
  {
    pattern: /client password must be a string/,
    sentence: 'requires a password: add one to TASKFLOW_DATABASE_URL',
  },
  {
    pattern: /does not support SSL/,
    sentence: 'does not offer TLS (REASON): turn it on there, or remove sslmode from TASKFLOW_DATABASE_URL',
  },
  {
    pattern: /CERT|UNABLE_TO_VERIFY/,
    sentence:
      'has a TLS certificate that this machine does not trust (REASON): name its authority by sslrootcert in ' +
      'TASKFLOW_DATABASE_URL or by NODE_EXTRA_CA_CERTS',
  },
  {
    pattern: /^(08P01|0A000)$|unsupported startup parameter/,
    sentence:
      'is a pooler that refuses a part of TASKFLOW_DATABASE_URL (REASON): remove that part, or allow it in ' +
      'ignore_startup_parameters of the pooler',
  },
  {
    pattern: /^53[34]00$/,
    sentence:
      'has no free connection (REASON): raise max_connections or the connection limit of the role or database, or ' +
      'use a pooler',
  },
  {
    pattern: /^25006$|only allows reads/,
    sentence:
      'only allows reads (REASON): it is a standby, or its role or database is read-only. Set TASKFLOW_DATABASE_URL ' +
      'to the primary',
  },
  {
    pattern: /must be owner/,
    sentence: 'has tables of another role (REASON): run `taskflow migrate` as their owner',
  },
  {
    pattern: /^42501$/,
    sentence:
      'does not let this role change the schema (REASON): run `taskflow migrate` as the owner of the schema, grant ' +
      `the right, or ${OWN_SCHEMA}`,
  },
  // A table, type, function or schema of the name exists.
  { pattern: /^(42P06|42P07|42710|42723)$/, sentence: `has objects of another program (REASON): ${OWN_SCHEMA}` },
  { pattern: /^3F000$/, sentence: `has no schema for this role (REASON): ${OWN_SCHEMA}` },
]

const NO_ANSWER = 'does not answer (REASON): start it, or correct TASKFLOW_DATABASE_URL'
const OTHER = 'refuses what TaskFlow needs (REASON): see the log of PostgreSQL'

const SQLSTATE = /^[0-9A-Z]{5}$/

/**
 * Explains to the operator why PostgreSQL cannot be used at the start, and what to do. Names the address, which callers
 * of the API never see. Errors that TaskFlow has explained already are returned as they are.
 *
 * @returns DATABASE_UNAVAILABLE if waiting may help, otherwise DATABASE_UNSUITABLE
 */
export function explainDatabase(error: unknown, databaseUrl: string | undefined): unknown {
  const isUnavailable = hasCode(error, 'DATABASE_UNAVAILABLE')
  if (databaseUrl === undefined || (error instanceof TaskFlowError && !isUnavailable)) return error
  const original = (isUnavailable ? (error.cause ?? error) : error) as { code?: unknown; message?: string }
  const code = String(original.code)
  const reason = original.message || code
  const remedy = REMEDIES.find(({ pattern }) => pattern.test(code) || pattern.test(reason))?.sentence
  const sentence = remedy ?? (isUnavailable ? NO_ANSWER : SQLSTATE.test(code) ? OTHER : undefined)
  if (sentence === undefined) return error
  return new TaskFlowError(
    isUnavailable || /^28|^3D/.test(code) ? 'DATABASE_UNAVAILABLE' : 'DATABASE_UNSUITABLE',
    `PostgreSQL at ${new URL(databaseUrl).host} ${sentence.replace('REASON', () => reason)}`,
    { cause: error },
  )
}

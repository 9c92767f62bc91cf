import type { ErrorDescriptions } from '@taskflow/kernel'

export const DATABASE_ERRORS = {
  DATABASE_UNAVAILABLE: {
    status: 503,
    title: 'Database is unavailable',
    hint: 'Retry after the seconds in `Retry-After`. The request may have been stored: repeat a submission with the same Idempotency-Key.',
  },
  QUERY_TOO_SLOW: {
    status: 503,
    title: 'Query takes too long',
    hint: 'Read less at a time: set a smaller `limit`, and in a list of tasks add a state, a queue, a type, or `createdAfter` and `createdBefore`. If that does not help, the database is overloaded: retry later.',
  },
  SCHEMA_UNKNOWN: {
    status: 500,
    title: 'Database schema is unknown',
    hint: 'Run the version of TaskFlow that migrated the database, or a newer one.',
  },
  SCHEMA_OUTDATED: {
    status: 500,
    title: 'Database is not migrated',
    hint: 'Run `taskflow migrate up` with this version of TaskFlow, or set TASKFLOW_DATABASE_SCHEMA to the schema that holds its tables.',
  },
  SCHEMA_BUSY: {
    status: 503,
    title: 'Migration is blocked',
    hint: 'End the long transactions that lock the tables (see `pg_stat_activity`) and run `taskflow migrate` again.',
  },
  TRANSACTION_NOT_OPEN: {
    status: 500,
    title: 'No open transaction',
    hint: 'Run `begin` on this connection first, and pass the connection itself, not a pool.',
  },
} as const satisfies ErrorDescriptions

declare module '@taskflow/kernel' {
  interface ErrorCodes extends Record<keyof typeof DATABASE_ERRORS, true> {}
}

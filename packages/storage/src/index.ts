export { databaseWakeups } from './database-wakeups.ts'
export { everyStatement } from './every-statement.ts'
export { guardedDatabase } from './guarded-database.ts'
export {
  type Migration,
  type MigrationStatus,
  type Migrator,
  migrator,
  readMigrations,
  requireSchema,
} from './migrator.ts'
export { databaseOn, type PGliteSettings, pgliteDatabase } from './pglite-database.ts'
export { type PostgresSettings, postgresDatabase } from './postgres-database.ts'
export { replicaDatabase } from './replica-database.ts'
export { statement } from './statement.ts'
export { openStorage, type StorageDeps } from './storage.ts'
export { submitWithin } from './submit.ts'
export { systemClock } from './system-clock.ts'
export { readTaskTypes } from './task-types.ts'
export { waitForDatabase } from './wait-for-database.ts'

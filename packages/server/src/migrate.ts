import { type MigrationStatus, migrator } from '@taskflow/database'
import { allMigrations } from '@taskflow/rooms/migrations'
import { explainDatabase } from './explain-database.ts'
import { type Flags, loadSettings } from './load-settings.ts'
import { openDatabase } from './open.ts'
import { createLog } from './telemetry/log.ts'
import { withStatus } from './with-status.ts'

export type MigrateDirection = 'up' | 'down' | 'status'

interface Migrated {
  /** The names of the migrations that were applied or undone. */
  readonly changed: readonly string[]
  readonly status: readonly MigrationStatus[]
}

/** Migrates the database that the settings name. For `down`, `toVersion` is the last migration to keep. */
export const runMigrate = (direction: MigrateDirection, flags: Flags, toVersion = 0): Promise<Migrated> =>
  withStatus(() => migrate(direction, flags, toVersion))

async function migrate(direction: MigrateDirection, flags: Flags, toVersion: number): Promise<Migrated> {
  const settings = await loadSettings({ flags, env: process.env, cwd: process.cwd() })
  const database = await openDatabase(settings, createLog(settings))
  try {
    const migrations = migrator(database, allMigrations())
    const changed =
      direction === 'status' ? [] : direction === 'up' ? await migrations.up() : await migrations.down(toVersion)
    return { changed, status: await migrations.status() }
  } catch (error) {
    throw explainDatabase(error, settings.databaseUrl)
  } finally {
    await database.close()
  }
}

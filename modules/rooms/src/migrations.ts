import { join } from 'node:path'
import { type Migration, readMigrations } from '@taskflow/database'

const ROOT = join(import.meta.dirname, '../../..')

/** The packages whose migrations make up the schema: the platform and each room with tables of its own. */
export const MIGRATION_FOLDERS = ['platform/database', 'modules/tasks', 'modules/fleet', 'modules/identity']

/** Reads the migrations of the platform and of all rooms, in the order of their numbers. */
export const allMigrations = (): Migration[] =>
  readMigrations(MIGRATION_FOLDERS.map((folder) => join(ROOT, folder, 'migrations')))

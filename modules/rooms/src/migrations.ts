import { join } from 'node:path'
import { type Migration, readMigrations } from '@taskflow/database'

const ROOT = join(import.meta.dirname, '../../..')

/** Folders whose migrations make the schema: the platform's own and each room's. */
const FOLDERS = ['platform/database', 'modules/tasks', 'modules/fleet', 'modules/identity']

/** The migrations of the platform and of all rooms, in the order of their numbers. */
export const allMigrations = (): Migration[] =>
  readMigrations(FOLDERS.map((folder) => join(ROOT, folder, 'migrations')))

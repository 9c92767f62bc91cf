import { globSync } from 'node:fs'
import { join } from 'node:path'
import { type Migration, readMigrations } from '@taskflow/database'

const ROOT = join(import.meta.dirname, '../../..')

/** Reads the migrations of the platform and of all rooms, in the order of their numbers. */
export const allMigrations = (): Migration[] =>
  readMigrations(globSync('{platform,modules}/*/migrations', { cwd: ROOT }).map((folder) => join(ROOT, folder)))

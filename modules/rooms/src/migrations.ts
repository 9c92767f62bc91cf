import { globSync } from 'node:fs'
import { join } from 'node:path'
import { type Migration, readMigrations } from '@taskflow/database'

const ROOT = join(import.meta.dirname, '../../..')

/**
 * Reads the migrations of the platform and of all rooms, in the order of their numbers.
 *
 * @throws Error if there are none, since the migrator would otherwise take an empty database for complete
 */
export function allMigrations(): Migration[] {
  const folders = globSync('{platform,modules}/*/migrations', { cwd: ROOT })
  if (folders.length === 0) throw new Error(`Found no migrations in ${ROOT}: install TaskFlow again`)
  return readMigrations(folders.map((folder) => join(ROOT, folder)))
}

import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { TaskFlowError } from '@taskflow/kernel'
import { unusableBecause } from './unusable.ts'

/** The major version of the embedded PostgreSQL, which reads the files of no other. */
export const EMBEDDED_VERSION = '18'

// Each of these may be empty. Backup tools leave out empty folders, and PostgreSQL does not start without them.
const FOLDERS = [
  'pg_commit_ts',
  'pg_dynshmem',
  'pg_logical/mappings',
  'pg_logical/snapshots',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat',
  'pg_stat_tmp',
  'pg_tblspc',
  'pg_twophase',
  'pg_wal/archive_status',
  'pg_wal/summaries',
]

/**
 * Returns whether the folder contains a database; false if it is missing or empty.
 *
 * @throws DATA_DIR_UNUSABLE if it contains something that the embedded PostgreSQL cannot read
 */
export function holdsFiles(dir: string, databaseDir: string): boolean {
  const found = statSync(databaseDir, { throwIfNoEntry: false })
  if (!found) return false
  if (!found.isDirectory())
    throw unusableBecause(
      dir,
      'pgdata in it is a file. Move that file away, or set TASKFLOW_DATA_DIR to another folder',
    )
  if (readdirSync(databaseDir).length === 0) return false
  const version = versionOf(databaseDir)
  if (version === EMBEDDED_VERSION) return true
  throw notReadable(dir, version)
}

function notReadable(dir: string, version: string | undefined): TaskFlowError {
  const found =
    version === undefined
      ? 'pgdata in it contains no database of PostgreSQL'
      : `pgdata in it contains a database of PostgreSQL ${version}, and this TaskFlow embeds version ${EMBEDDED_VERSION}`
  return unusableBecause(
    dir,
    `${found}. Restore a backup of the whole folder, or set TASKFLOW_DATA_DIR to another folder`,
  )
}

export function restoreEmptyFolders(databaseDir: string): void {
  for (const folder of FOLDERS) mkdirSync(join(databaseDir, folder), { recursive: true, mode: 0o700 })
}

function versionOf(databaseDir: string): string | undefined {
  try {
    return readFileSync(join(databaseDir, 'PG_VERSION'), 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

import { DatabaseSync } from 'node:sqlite'

export interface FileLock {
  release(): void
}

// SQLITE_BUSY: another connection has the lock.
const BUSY = 5

// A database that nothing refers to is closed by the garbage collector, which would free its lock.
const held = new Set<DatabaseSync>()

/**
 * Locks a file for this process, and creates it if it is missing. The operating system holds the lock and frees it when
 * the process ends, however it ends, so that no lock is ever left behind, and no process id is compared: a container
 * knows neither the processes of another container nor those before a restart.
 *
 * Node.js offers no lock of a file itself. SQLite, which is part of it, locks its file by `fcntl` (on Windows by
 * `LockFileEx`); an exclusive transaction on an empty database keeps the lock and writes nothing. See
 * docs/decisions/0023-the-lock-of-the-data-folder.md.
 *
 * @returns undefined if another process, or another part of this process, has the lock
 * @throws an error with the reason of the operating system if the file cannot be created or locked
 */
export function lockFile(path: string): FileLock | undefined {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // No journal beside the file.
    database.exec('pragma journal_mode = memory; begin exclusive')
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === BUSY) return undefined
    throw error
  }
  held.add(database)
  return {
    release() {
      held.delete(database)
      database.close()
    },
  }
}

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { TaskFlowError } from '@taskflow/kernel'
import { holdsFiles, restoreEmptyFolders } from './database-files.ts'
import { type FileLock, lockFile } from './file-lock.ts'
import { unusable } from './unusable.ts'

/**
 * The data folder of an embedded TaskFlow. It contains the database (`pgdata`), the administrator's key, the file whose
 * lock the process holds that has the folder open (`lock`), and a description of that process (`opened-by.json`).
 */
export interface DataDir {
  /**
   * Opens the database by `open`, which creates one in a folder that is missing or empty. Removes the remains of a
   * creation that was cut off first.
   *
   * @throws DATA_DIR_UNUSABLE if the files are damaged, of another version, or cannot be read or written
   */
  openDatabase<Opened>(open: (databaseDir: string) => Promise<Opened>): Promise<Opened>
  /** Unlocks the folder for other processes. */
  release(): void
}

/** The file of the administrator's key in a data folder. */
export const adminKeyFileIn = (dir: string): string => join(dir, 'admin.key')

/**
 * Opens the folder for this process alone and creates it if it is missing: two processes that write one PGlite would
 * destroy its data.
 *
 * @throws DATA_DIR_IN_USE if another process has the folder open
 * @throws DATA_DIR_UNUSABLE if the folder cannot be created, read or written
 */
export function openDataDir(dir: string): DataDir {
  const openedBy = join(dir, 'opened-by.json')
  const databaseDir = join(dir, 'pgdata')
  // Present while a database is created: what is in its folder is not whole.
  const creation = join(dir, 'pgdata.is-being-created')
  const lock = explained(dir, () => {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const taken = lockFile(join(dir, 'lock'))
    if (taken) writeFileSync(openedBy, JSON.stringify(thisProcess()))
    return taken
  })
  if (!lock) throw inUse(dir, openedBy)

  function prepare(): void {
    if (existsSync(creation)) rmSync(databaseDir, { recursive: true, force: true })
    if (holdsFiles(dir, databaseDir)) restoreEmptyFolders(databaseDir)
    else writeFileSync(creation, '')
  }

  return {
    async openDatabase(open) {
      explained(dir, prepare)
      try {
        const opened = await open(databaseDir)
        rmSync(creation, { force: true })
        return opened
      } catch (error) {
        throw unusable(dir, error)
      }
    },
    release: () => release(lock, openedBy),
  }
}

function release(lock: FileLock, openedBy: string): void {
  rmSync(openedBy, { force: true })
  lock.release()
}

interface OpenedBy {
  readonly pid: number
  readonly host: string
  readonly since: string
}

const thisProcess = (): OpenedBy => ({ pid: process.pid, host: hostname(), since: new Date().toISOString() })

function inUse(dir: string, openedBy: string): TaskFlowError {
  return new TaskFlowError(
    'DATA_DIR_IN_USE',
    `Another TaskFlow has the data folder ${dir} open${describe(openedBy)}: stop it, or set TASKFLOW_DATA_DIR to another folder`,
  )
}

/** The other process may not have written the file yet. */
function describe(openedBy: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(openedBy, 'utf8')) as OpenedBy
    return ` (process ${pid} on host ${host}, since ${since})`
  } catch {
    return ''
  }
}

function explained<Result>(dir: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw unusable(dir, error)
  }
}

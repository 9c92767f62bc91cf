import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TaskFlowError } from '@taskflow/kernel'

/**
 * The data folder of an embedded TaskFlow. It holds the database, the administrator's key, and a lock file with the id
 * of the process that has the folder open.
 */
export interface DataDir {
  readonly databaseDir: string
  /** Unlocks the folder for other processes. */
  release(): void
}

/** The file of the administrator's key in a data folder. */
export const adminKeyFileIn = (dir: string): string => join(dir, 'admin.key')

/**
 * Opens the folder for this process alone and creates it if it is missing: two processes that write one PGlite would
 * destroy its data. Replaces the lock file of a process that has ended.
 *
 * @throws DATA_DIR_IN_USE if a running process has the folder open
 */
export function openDataDir(dir: string): DataDir {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const lock = join(dir, 'process.pid')
  takeLock(dir, lock)
  return {
    databaseDir: join(dir, 'pgdata'),
    release: () => rmSync(lock, { force: true }),
  }
}

/**
 * The lock file appears whole or not at all, as a link to a finished file. A stale one is moved away before it is
 * replaced, so that only one of two processes that find it stale takes the lock.
 */
function takeLock(dir: string, lock: string): void {
  const own = `${lock}.${process.pid}`
  writeFileSync(own, String(process.pid))
  try {
    while (!isLinked(own, lock)) moveStaleAway(dir, lock)
  } finally {
    rmSync(own, { force: true })
  }
}

function isLinked(own: string, lock: string): boolean {
  try {
    linkSync(own, lock)
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    return false
  }
}

function moveStaleAway(dir: string, lock: string): void {
  const stale = `${lock}.dead.${process.pid}`
  try {
    const pid = readFileSync(lock, 'utf8')
    if (isAlive(Number(pid))) throw inUse(dir, pid)
    renameSync(lock, stale)
    // Another process was faster, and this is the lock file of a running process: put it back.
    if (readFileSync(stale, 'utf8') !== pid) renameSync(stale, lock)
    else rmSync(stale)
  } catch (error) {
    // The file was removed meanwhile: the next round reads the folder again.
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

function inUse(dir: string, pid: string): TaskFlowError {
  const sentence = `Process ${pid} has the data folder ${dir} open: stop it, or set TASKFLOW_DATA_DIR to another folder`
  return new TaskFlowError('DATA_DIR_IN_USE', sentence)
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process runs, but belongs to another user.
    return codeOf(error) === 'EPERM'
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

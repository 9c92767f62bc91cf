import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TaskFlowError } from '@taskflow/core'

/** The folder of an embedded TaskFlow: its database, its administrator's key, and the mark of who has it open. */
export interface DataDir {
  readonly databaseDir: string
  readonly adminKeyFile: string
  /** Lets another process have it. */
  release(): void
}

/**
 * Opens the folder for this process alone, making it if need be: two processes that
 * write one PGlite would destroy it. The mark of a process that no longer lives is taken over.
 *
 * Throws DATA_DIR_IN_USE when a living process has it.
 */
export function openDataDir(dir: string): DataDir {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const mark = join(dir, 'process.pid')
  takeMark(dir, mark)
  return {
    databaseDir: join(dir, 'pgdata'),
    adminKeyFile: join(dir, 'admin.key'),
    release: () => rmSync(mark, { force: true }),
  }
}

function takeMark(dir: string, mark: string): void {
  try {
    writeFileSync(mark, String(process.pid), { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const pid = Number(readFileSync(mark, 'utf8'))
    if (isAlive(pid)) {
      throw new TaskFlowError(
        'DATA_DIR_IN_USE',
        `Process ${pid} has the data folder ${dir} open: stop it, or set TASKFLOW_DATA_DIR to another folder`,
        { cause: error },
      )
    }
    rmSync(mark, { force: true })
    takeMark(dir, mark)
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: somebody else's process, but a living one.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

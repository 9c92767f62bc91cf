import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TaskFlowError } from '@taskflow/kernel'

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

/**
 * The mark appears whole or not at all (a link to a finished file), and a dead one is moved away before it is replaced,
 * so that of two processes that find it dead only one goes on with it.
 */
function takeMark(dir: string, mark: string): void {
  const own = `${mark}.${process.pid}`
  writeFileSync(own, String(process.pid))
  try {
    while (!isLinked(own, mark)) moveDeadAway(dir, mark)
  } finally {
    rmSync(own, { force: true })
  }
}

function isLinked(own: string, mark: string): boolean {
  try {
    linkSync(own, mark)
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    return false
  }
}

function moveDeadAway(dir: string, mark: string): void {
  const dead = `${mark}.dead.${process.pid}`
  try {
    const pid = readFileSync(mark, 'utf8')
    if (isAlive(Number(pid))) throw inUse(dir, pid)
    renameSync(mark, dead)
    // Somebody was faster, and this is the mark of a living process: it goes back.
    if (readFileSync(dead, 'utf8') !== pid) renameSync(dead, mark)
    else rmSync(dead)
  } catch (error) {
    // Gone in between: the next round finds out what is there now.
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
    // EPERM: somebody else's process, but a living one.
    return codeOf(error) === 'EPERM'
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

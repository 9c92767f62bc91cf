import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { removeFolder } from './remove-folder.ts'
import { type ServerUser, sharedTempFolder } from './server-user.ts'
import { eventually } from './wait.ts'

/** A folder for one server: of its user, and gone when this process ends, whatever way short of SIGKILL. */
export interface ServerFolder {
  readonly path: string
  remove(): void
}

export function serverFolder(name: string, user: ServerUser): ServerFolder {
  const path = mkdtempSync(join(sharedTempFolder(user), `taskflow-${name}-`))
  if (user) chownSync(path, user.uid, user.gid)
  const remove = () => {
    process.off('exit', remove)
    removeFolder(path)
  }
  process.once('exit', remove)
  return { path, remove }
}

interface Start {
  readonly program: string
  readonly args: readonly string[]
  readonly user: ServerUser
  readonly folder: string
  readonly env?: NodeJS.ProcessEnv
  /** Where the program is a script: who is to be killed. */
  pid?(): number | undefined
  isReady(): Promise<boolean>
}

/** A server that is not ours, as a process of its own. */
export interface ServerProcess {
  readonly pid: number
  /** Also by itself. */
  readonly hasEnded: boolean
  /** Resolves once it has ended. */
  kill(signal: NodeJS.Signals): Promise<void>
}

// A RabbitMQ on a machine that is busy takes half a minute, and more to recover.
const READY_MS = 120_000

/** Resolves when it is ready; rejects, with its log, when it ends before. */
export async function startServerProcess(start: Start): Promise<ServerProcess> {
  const logFile = join(start.folder, 'server.log')
  const log = openSync(logFile, 'a')
  const child = spawn(start.program, [...start.args], {
    ...start.user,
    cwd: start.folder,
    env: { PATH: process.env.PATH, HOME: start.folder, ...start.env },
    stdio: ['ignore', log, log],
  })
  const pidOf = (): number => start.pid?.() ?? (child.pid as number)
  const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error))
  failed.catch(() => {})
  // One that has ended is let be: its number may be another's by now.
  const abandon = () => {
    if (!hasEnded(child)) signalTo(pidOf(), 'SIGKILL')
  }
  process.once('exit', abandon)

  async function kill(signal: NodeJS.Signals): Promise<void> {
    process.off('exit', abandon)
    if (hasEnded(child)) return
    const ended = once(child, 'exit')
    signalTo(pidOf(), signal)
    await ended
  }

  try {
    const ready = eventually(async () => hasEnded(child) || (await start.isReady()), {
      timeoutMs: READY_MS,
      what: `${start.program} to be ready`,
    })
    await Promise.race([ready, failed])
    if (hasEnded(child)) throw new Error(`${start.program} ended with ${child.exitCode ?? child.signalCode}`)
  } catch (cause) {
    await kill('SIGKILL')
    throw new Error(`${(cause as Error).message}:\n${readFileSync(logFile, 'utf8').trim()}`, { cause })
  }
  return {
    get pid() {
      return pidOf()
    },
    get hasEnded() {
      return hasEnded(child)
    },
    kill,
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone already.
  }
}

/** Whether a server on this machine takes connections, and answers what it should. */
export function answers(port: number, question: string | Uint8Array, answer: RegExp): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(question))
    let text = ''
    const end = (isRight: boolean) => {
      socket.destroy()
      resolve(isRight)
    }
    socket.setTimeout(1_000, () => end(false))
    socket.on('error', () => end(false))
    socket.on('close', () => end(false))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (answer.test(text)) end(true)
    })
  })
}

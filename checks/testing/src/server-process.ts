import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { ServerUser } from './server-user.ts'
import { eventually } from './wait.ts'

interface Start {
  readonly program: string
  readonly args: readonly string[]
  readonly user: ServerUser
  readonly folder: string
  readonly env?: NodeJS.ProcessEnv
  /** The process to signal, where the program is a script that starts it. */
  pid?(): number | undefined
  isReady(): Promise<boolean>
}

/** A server that is not TaskFlow, as a process of its own. */
export interface ServerProcess {
  readonly pid: number
  /** Whether it has ended, also without kill(). */
  readonly hasEnded: boolean
  /** Resolves once it has ended. */
  kill(signal: NodeJS.Signals): Promise<void>
}

// On a busy machine a RabbitMQ takes half a minute, and longer to recover.
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
  // A process that has ended is not signalled: another process may have its number by now.
  const abandon = () => {
    if (!hasEnded(child)) signalTo(pidOf(), 'SIGKILL')
  }
  process.prependOnceListener('exit', abandon)

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
    // It has ended.
  }
}

/** Whether a server on this machine accepts connections, and answers as expected. */
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

import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')

// Programs of node_modules, including the required version of Node.js, take precedence over those of the machine.
const PATH = [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter)

export interface Outcome {
  /** Output of both streams; empty if it was shown. */
  readonly output: string
  readonly code: number
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Whether the output goes directly to the terminal. */
  readonly isShown?: boolean
}

/** Runs a program in the repository's root until it ends. A program that cannot be started counts as failed. */
export function run(
  command: string,
  args: readonly string[],
  { env = {}, isShown = false }: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const stdio = isShown ? 'inherit' : 'pipe'
    const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, PATH, ...env }, stdio })
    const stop = endWithSignal(child.kill.bind(child))
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    const finish = (code: number) => {
      stop()
      resolve({ output, code })
    }
    child.once('error', (error) => {
      output += error.message
      finish(1)
    })
    child.once('close', (code) => finish(code ?? 1))
  })
}

/** Passes signals on to the child. A signalled child cleans up first, so this process exits only after the child. */
function endWithSignal(kill: (signal: NodeJS.Signals) => boolean): () => void {
  let wasStopped = false
  const stop = (signal: NodeJS.Signals) => {
    wasStopped = true
    kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  return () => {
    for (const signal of signals) process.off(signal, stop)
    if (wasStopped) process.exit(1)
  }
}

import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')

// The programs of node_modules, among them the Node that TaskFlow runs on, go before those of the machine.
const PATH = [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter)

export interface Outcome {
  /** Of both streams, when it was kept; what was shown is not. */
  readonly output: string
  readonly code: number
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Whether its output goes straight to the terminal. */
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

/** What we start tidies up after itself when it is told to stop; we wait for that, and end as well. */
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

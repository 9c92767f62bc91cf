import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { removeFolder } from './remove-folder.ts'
import { eventually } from './wait.ts'

const ROOT = join(import.meta.dirname, '../../..')

interface SpawnOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Told each line of its output as it comes, of both streams. */
  onLine?(line: string): void
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A real process, as a user would start it. */
export interface RunningProcess {
  readonly pid: number
  /** What it has written so far, both streams as they came. */
  readonly output: string
  readonly stdout: string
  readonly ended: Promise<Ended>
  /** Resolves with the first match in the output; rejects, with the output, when it ends or the time is up before. */
  waitForOutput(pattern: RegExp, options?: { readonly timeoutMs?: number }): Promise<RegExpExecArray>
  /** Resolves once it has ended. */
  kill(signal?: NodeJS.Signals): Promise<Ended>
}

export interface Processes {
  /** Runs a script with the Node that runs this one. */
  node(args: readonly string[], options?: SpawnOptions): RunningProcess
  /** Runs the `taskflow` command. */
  taskflow(args: readonly string[], options?: SpawnOptions): RunningProcess
  tempFolder(): string
}

interface OpenProcesses extends Processes {
  /** Where the processes of the `taskflow` command kept their data, if they did so in a folder. */
  readonly dataDirs: ReadonlySet<string>
  /** Resolves once none of them runs any more. */
  end(): Promise<void>
  /** Removes the folders too. */
  close(): Promise<void>
}

/** Processes and folders; what is left of them is killed and removed by `close`, or killed when this process ends before. */
export function openProcesses(): OpenProcesses {
  const children = new Set<ChildProcess>()
  const folders: string[] = []
  const dataDirs = new Set<string>()
  const killAll = () => {
    for (const child of children) child.kill('SIGKILL')
  }
  // For a run that is broken off: nobody closes then.
  process.on('exit', killAll)

  function node(args: readonly string[], options: SpawnOptions = {}): RunningProcess {
    const child = spawn(process.execPath, [...args], {
      cwd: options.cwd ?? ROOT,
      env: { ...ownEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.add(child)
    child.once('close', () => children.delete(child))
    return observe(child, options.onLine)
  }

  async function end(): Promise<void> {
    const ends = [...children].map((child) => once(child, 'close'))
    killAll()
    await Promise.all(ends)
  }

  return {
    dataDirs,
    end,
    node,
    taskflow(args, options = {}) {
      dataDirs.add(options.env?.TASKFLOW_DATA_DIR ?? join(options.cwd ?? ROOT, '.taskflow'))
      return node([taskflowScript(), ...args], options)
    },
    tempFolder() {
      const folder = mkdtempSync(join(tmpdir(), 'taskflow-test-'))
      folders.push(folder)
      return folder
    },
    async close() {
      await end()
      process.off('exit', killAll)
      for (const folder of folders) removeFolder(folder)
    },
  }
}

/** Of this process without its settings of TaskFlow and of the test runner: a child must not depend on who runs it. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(TASKFLOW_|VITEST|NODE_ENV$|NODE_OPTIONS$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}

function taskflowScript(): string {
  const folder = join(ROOT, 'packages/cli')
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { bin: { taskflow: string } }
  return join(folder, bin.taskflow)
}

function observe(child: ChildProcess, onLine: ((line: string) => void) | undefined): RunningProcess {
  let output = ''
  let stdout = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  if (onLine) for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', onLine)
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  let hasEnded = false
  void ended.then(() => {
    hasEnded = true
  })

  return {
    ended,
    get pid() {
      return child.pid as number
    },
    get output() {
      return output
    },
    get stdout() {
      return stdout
    },
    async waitForOutput(pattern, { timeoutMs = 15_000 } = {}) {
      const found = await eventually(() => pattern.exec(output) ?? (hasEnded && 'ended'), {
        timeoutMs,
        what: `${pattern} in the output`,
      }).catch((cause: Error) => {
        throw new Error(`${cause.message}:\n${output}`, { cause })
      })
      if (found === 'ended') throw new Error(`Ended before ${pattern} was in its output:\n${output}`)
      return found as RegExpExecArray
    },
    kill(signal = 'SIGKILL') {
      child.kill(signal)
      return ended
    },
  }
}

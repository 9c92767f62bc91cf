import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { checkInvariants } from './invariants.ts'
import { lookIntoFolder } from './look-into.ts'
import { removeFolder } from './remove-folder.ts'
import { eventually } from './wait.ts'

const ROOT = join(import.meta.dirname, '../../..')

interface SpawnOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
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
  /** Runs a script with the Node that runs the tests. */
  node(args: readonly string[], options?: SpawnOptions): RunningProcess
  /** Runs the `taskflow` command. */
  taskflow(args: readonly string[], options?: SpawnOptions): RunningProcess
  tempFolder(): string
}

/**
 * Processes and folders for the tests of the enclosing `describe`; what is left of them is killed and removed after it. In between the
 * invariants are checked in each folder where a process kept its data, however it ended.
 */
export function useProcesses(): Processes {
  const children = new Set<ChildProcess>()
  const folders: string[] = []
  const dataDirs = new Set<string>()
  const killAll = () => {
    for (const child of children) child.kill('SIGKILL')
  }
  // For a run that is broken off: afterAll does not come then.
  process.on('exit', killAll)
  afterAll(async () => {
    const ends = [...children].map((child) => once(child, 'close'))
    killAll()
    await Promise.all(ends)
    process.off('exit', killAll)
    const violations = await violationsIn([...dataDirs].filter((dataDir) => existsSync(join(dataDir, 'pgdata'))))
    for (const folder of folders) removeFolder(folder)
    expect(violations, 'violated invariants').toEqual([])
  })

  function node(args: readonly string[], options: SpawnOptions = {}): RunningProcess {
    const child = spawn(process.execPath, [...args], {
      cwd: options.cwd ?? ROOT,
      env: { ...environment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.add(child)
    child.once('close', () => children.delete(child))
    return observe(child)
  }

  return {
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
  }
}

async function violationsIn(dataDirs: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const dataDir of dataDirs) found.push(...(await lookIntoFolder(dataDir, checkInvariants)))
  return found
}

/** Of this process without its settings of TaskFlow and of the test runner: a child must not depend on who runs the tests. */
function environment(): NodeJS.ProcessEnv {
  const foreign = /^(TASKFLOW_|VITEST|NODE_ENV$|NODE_OPTIONS$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}

function taskflowScript(): string {
  const folder = join(ROOT, 'packages/cli')
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { bin: { taskflow: string } }
  return join(folder, bin.taskflow)
}

function observe(child: ChildProcess): RunningProcess {
  let output = ''
  let stdout = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
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

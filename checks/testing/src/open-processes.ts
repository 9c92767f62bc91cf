import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from './sources.ts'
import { type TempFolder, tempFolder } from './temp-folder.ts'
import { within } from './wait.ts'

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Written to its standard input, which then ends; without it the standard input is empty. */
  readonly stdin?: string
  /** Called with each line of its output as the line comes, of both streams. */
  onLine?(line: string): void
  /** Passes its standard error on to that of this process, and keeps it out of the output. */
  readonly showsErrors?: boolean
  /** A SIGKILL then reaches the processes that it forks as well. */
  readonly isGroup?: boolean
}

interface NodeOptions extends SpawnOptions {
  readonly nodeFlags?: readonly string[]
  /** A command that runs Node in another environment, such as `unshare` with its options. */
  readonly within?: readonly string[]
}

interface TaskFlowOptions extends NodeOptions {
  /** The tree whose command is run: this repository, unless another version is to run. */
  readonly root?: string
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A real process, as a user would start it. Where it cannot start at all, it ends with code null and no signal. */
export interface RunningProcess {
  readonly pid: number
  /** All it has written so far, both streams in the order of arrival. */
  readonly output: string
  readonly stdout: string
  readonly stderr: string
  readonly ended: Promise<Ended>
  /** Rejects, with the end of its output, when it ends although neither kill nor stop was called. */
  readonly failed: Promise<never>
  /** Resolves with the first match in the output; rejects, with the output, when it ends or the time is up before. */
  waitForOutput(pattern: RegExp, options?: { readonly timeoutMs?: number }): Promise<RegExpExecArray>
  /** Resolves once it has ended. */
  kill(signal?: NodeJS.Signals): Promise<Ended>
  /** SIGTERM, and SIGKILL to a process that has not obeyed in time. */
  stop(timeoutMs?: number): Promise<Ended>
  /** SIGSTOP: it does nothing until it is thawed, and does not notice. */
  freeze(): void
  thaw(): void
}

export interface Processes {
  run(program: string, args: readonly string[], options?: SpawnOptions): RunningProcess
  /** Runs a script with the Node that runs this one. */
  node(args: readonly string[], options?: NodeOptions): RunningProcess
  /** Runs the `taskflow` command. */
  taskflow(args: readonly string[], options?: TaskFlowOptions): RunningProcess
  tempFolder(): string
}

interface OpenProcesses extends Processes {
  /** Where the processes of the `taskflow` command kept their data, if they did so in a folder. */
  readonly dataDirs: ReadonlySet<string>
  /** Kills all processes. Resolves once none of them runs any more. */
  end(): Promise<void>
  /** Removes the folders too. */
  close(): Promise<void>
}

const STOP_MS = 30_000

/**
 * Opens a set of processes and folders. Its `close`, or the end of this process, kills and removes what is left of
 * them.
 */
export function openProcesses(): OpenProcesses {
  const running = new Set<RunningProcess>()
  const folders: TempFolder[] = []
  const dataDirs = new Set<string>()
  const killAll = () => {
    for (const process of running) void process.kill('SIGKILL')
  }
  // For a run that is interrupted, where nobody calls close(). Runs before the folders are removed that the processes
  // write to.
  process.prependListener('exit', killAll)

  function run(program: string, args: readonly string[], options: SpawnOptions = {}): RunningProcess {
    const { stdin, showsErrors, isGroup = false } = options
    const stdio: StdioOptions = [stdin === undefined ? 'ignore' : 'pipe', 'pipe', showsErrors ? 'inherit' : 'pipe']
    const child = spawn(program, [...args], {
      cwd: options.cwd ?? ROOT,
      env: { ...ownEnvironment(), ...options.env },
      stdio,
      detached: isGroup,
    })
    // A process that ends before it has read everything breaks the pipe.
    child.stdin?.on('error', () => {}).end(stdin)
    const started = observe(child, options)
    running.add(started)
    void started.ended.then(() => running.delete(started))
    return started
  }

  const node: Processes['node'] = (args, { nodeFlags = [], within = [], ...options } = {}) => {
    const [program = process.execPath, ...rest] = [...within, process.execPath, ...nodeFlags, ...args]
    return run(program, rest, options)
  }

  async function end(): Promise<void> {
    killAll()
    await Promise.all([...running].map(({ ended }) => ended))
  }

  return {
    dataDirs,
    run,
    node,
    end,
    taskflow(args, { root = ROOT, ...options } = {}) {
      dataDirs.add(options.env?.TASKFLOW_DATA_DIR ?? join(options.cwd ?? ROOT, '.taskflow'))
      return node([taskflowScript(root), ...args], options)
    },
    tempFolder() {
      const folder = tempFolder('test')
      folders.push(folder)
      return folder.path
    },
    async close() {
      await end()
      process.off('exit', killAll)
      for (const folder of folders) folder.remove()
    },
  }
}

/**
 * The environment of this process without settings of TaskFlow and of the test runner, which no child may depend on.
 */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(TASKFLOW_|VITEST|NODE_ENV$|NODE_OPTIONS$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}

function taskflowScript(root: string): string {
  const folder = join(root, 'packages/cli')
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { bin: { taskflow: string } }
  return join(folder, bin.taskflow)
}

// Enough of a long log to see why it ended.
const OUTPUT_SHOWN = 4_000

function observe(child: ChildProcess, { onLine, isGroup = false }: SpawnOptions): RunningProcess {
  let output = ''
  let stdout = ''
  let stderr = ''
  let isKilled = false
  /** Called whenever there is more output. */
  const readers = new Set<() => void>()

  function read(text: string): void {
    output += text
    for (const reader of readers) reader()
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    read(text)
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    read(text)
  })
  if (onLine) for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', onLine)

  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
    child.once('error', (error) => {
      read(error.message)
      if (child.pid === undefined) resolve({ code: null, signal: null })
    })
  })
  const failed = ended.then(({ code, signal }): Promise<never> => {
    if (isKilled) return new Promise(() => {})
    const command = child.spawnargs.filter((arg) => !arg.startsWith('--')).join(' ')
    throw new Error(
      `Ended with ${signal ?? code} without a signal from the test: ${command}\n${output.slice(-OUTPUT_SHOWN)}`,
    )
  })
  failed.catch(() => {})

  function signal(name: NodeJS.Signals): void {
    if (!isGroup || name !== 'SIGKILL' || child.pid === undefined) return void child.kill(name)
    try {
      process.kill(-child.pid, name)
    } catch {
      // Every process of the group has ended.
    }
  }

  function kill(name: NodeJS.Signals = 'SIGKILL'): Promise<Ended> {
    isKilled = true
    signal(name)
    return ended
  }

  async function waitForOutput(pattern: RegExp, { timeoutMs = 15_000 } = {}): Promise<RegExpExecArray> {
    const found = Promise.withResolvers<RegExpExecArray>()
    const reader = () => {
      const match = pattern.exec(output)
      if (match) found.resolve(match)
    }
    readers.add(reader)
    reader()
    void ended.then(() => found.reject(new Error(`Ended before ${pattern} was in its output`)))
    try {
      return await within(timeoutMs, found.promise, `${pattern} in the output`)
    } catch (cause) {
      throw new Error(`${(cause as Error).message}:\n${output}`, { cause })
    } finally {
      readers.delete(reader)
    }
  }

  return {
    ended,
    failed,
    waitForOutput,
    kill,
    get pid() {
      return child.pid ?? 0
    },
    get output() {
      return output
    },
    get stdout() {
      return stdout
    },
    get stderr() {
      return stderr
    },
    async stop(timeoutMs = STOP_MS) {
      const hard = setTimeout(() => signal('SIGKILL'), timeoutMs)
      return kill('SIGTERM').finally(() => clearTimeout(hard))
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
  }
}

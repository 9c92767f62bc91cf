import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { SLOTS } from './load.ts'
import type { Place } from './peer.ts'
import type { Python } from './python.ts'

/** A process that is measured; what it listens on is of 127.0.0.1. */
export interface Server {
  readonly pid: number
  /** Where it listens; empty when it has no API. */
  readonly url: string
  stop(): Promise<void>
  /** Rejects when it ends before it was told to. */
  readonly failed: Promise<never>
  readonly ended: Promise<unknown>
}

export interface Start {
  /** Beside what the process needs itself. */
  readonly env?: Readonly<Record<string, string>>
  readonly profileDir: string | undefined
}

export const ADMIN_TOKEN = 'bench-administrator'

const TASKFLOW = join(import.meta.dirname, '../../packages/cli/bin/taskflow.js')
const STOP_MS = 15_000

/** Those that run, and whom to signal: of a program with forks, its group. */
const running = new Map<ChildProcess, number>()
process.once('exit', () => {
  for (const child of running.keys()) kill(child)
})

function kill(child: ChildProcess): void {
  const pid = running.get(child)
  if (pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(pid, 'SIGKILL')
}

/** The real `taskflow start`, ready to serve. */
export function startTaskFlow(
  settings: Readonly<Record<string, string>>,
  { roles, profileDir, env }: Start & { readonly roles?: readonly ('api' | 'worker' | 'coordinator')[] },
): Promise<Server> {
  const args = ['start', '--tasks', at('tasks'), ...(roles ? ['--roles', roles.join(',')] : [])]
  return startServer([...profiling(profileDir), TASKFLOW, ...args], {
    ...settings,
    ...env,
    TASKFLOW_PORT: '0',
    TASKFLOW_CONCURRENCY: String(SLOTS),
    TASKFLOW_ADMIN_TOKEN: ADMIN_TOKEN,
    TASKFLOW_LOG_LEVEL: 'warn',
  })
}

/** Ready, as are the next two, once it has said so on the control socket. */
export const startPeerProducer = (module: string, place: Place, start: Start): Server =>
  startModule('producer-process.ts', [module, JSON.stringify(place)], start)

export const startPeerWorker = (module: string, place: Place, start: Start): Server =>
  startModule('worker-process.ts', [module, JSON.stringify(place)], start)

export const startHttpCaller = (start: Start): Server => startModule('http-caller-process.ts', [], start)

/** A route of ours that TaskFlow's is measured against. */
export const startRoute = (file: 'empty-route.ts' | 'bullmq-route.ts', { profileDir, env = {} }: Start) =>
  startServer([...profiling(profileDir), at(file)], env)

/** A program of ours in Python, in the folder of its modules. */
export function startPython(
  python: Python | { readonly missing: string },
  program: 'python' | 'celery' | 'uvicorn',
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Server {
  if ('missing' in python) throw new Error(python.missing)
  const options = { cwd: python.folder, detached: true }
  return { ...startChild(python.program(program), args, { ...env, PYTHONWARNINGS: 'ignore' }, options), url: '' }
}

const at = (file: string): string => join(import.meta.dirname, file)

const startModule = (file: string, args: readonly string[], { env = {}, profileDir }: Start): Server => ({
  ...startChild(process.execPath, [...profiling(profileDir), at(file), ...args], env),
  url: '',
})

const profiling = (dir: string | undefined): string[] =>
  dir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${dir}`]

/** A program that says on its output that it is ready, and where it listens. */
async function startServer(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Server> {
  const server = startChild(process.execPath, args, env)
  return { ...server, url: await Promise.race([untilReady(server.output), server.failed]) }
}

function startChild(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  options: SpawnOptions = {},
) {
  const child = spawn(program, [...args], {
    ...options,
    env: { ...ownEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.pid !== undefined) running.set(child, options.detached ? -child.pid : child.pid)
  let isStopping = false
  const ended = once(child, 'exit').then(() => running.delete(child))
  const failed = ended.then((): Promise<never> => {
    if (isStopping) return new Promise(() => {})
    throw new Error(`A process ended before it was told to: ${args.filter((arg) => !arg.startsWith('--')).join(' ')}`)
  })
  failed.catch(() => {})
  return {
    pid: child.pid ?? 0,
    // Read in any case: a full pipe would hold whoever writes to it.
    output: child.stdout.setEncoding('utf8').resume(),
    failed,
    ended,
    async stop() {
      isStopping = true
      child.kill('SIGTERM')
      const hard = setTimeout(() => kill(child), STOP_MS)
      await ended
      clearTimeout(hard)
    },
  }
}

/** A setting of whoever runs the bench must not become one of what is measured. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TASKFLOW_|NODE_OPTIONS$)/.test(name)))
}

/** Where it listens. */
async function untilReady(output: Readable): Promise<string> {
  let said = ''
  const ready = Promise.withResolvers<string>()
  output.on('data', (text: string) => {
    said += text
    if (said.includes('is ready') && said.endsWith('\n')) ready.resolve(/http:\/\/[^\s/]+/.exec(said)?.[0] ?? '')
  })
  return ready.promise
}

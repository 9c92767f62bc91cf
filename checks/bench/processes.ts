/** The processes that are measured. They listen on 127.0.0.1; the end of the bench kills those that still run. */
import { join } from 'node:path'
import { openProcesses, type RunningProcess } from '@taskflow/testing/open-processes'
import { type Env, type Role, startTaskFlow as startServer } from '@taskflow/testing/start-taskflow'
import { SLOTS } from './load.ts'
import type { Place } from './peer.ts'
import type { Python } from './python.ts'

export interface Server extends Pick<RunningProcess, 'pid' | 'failed' | 'ended'> {
  /** Where it listens; empty when it has no API. */
  readonly url: string
  stop(): Promise<unknown>
}

export interface Start {
  /** In addition to what the process needs. */
  readonly env?: Env
  readonly profileDir: string | undefined
}

const STOP_MS = 15_000
const START_MS = 60_000

const processes = openProcesses()

/** The real `taskflow start`, ready to serve. */
export async function startTaskFlow(
  settings: Env,
  { roles, profileDir, env }: Start & { readonly roles?: readonly Role[] },
): Promise<Server> {
  const { process, url } = await startServer(processes, {
    ...(roles && { roles }),
    tasks: at('tasks'),
    env: { ...settings, ...env, TASKFLOW_CONCURRENCY: String(SLOTS) },
    nodeFlags: profiling(profileDir),
    showsErrors: true,
  })
  return serverOf(process, url)
}

/** Starts a process that is ready once it has reported on the control socket, as the next two are. */
export const startPeerProducer = (module: string, place: Place, start: Start): Server =>
  startModule('producer-process.ts', [module, JSON.stringify(place)], start)

export const startPeerWorker = (module: string, place: Place, start: Start): Server =>
  startModule('worker-process.ts', [module, JSON.stringify(place)], start)

export const startHttpCaller = (start: Start): Server => startModule('http-caller-process.ts', [], start)

/** Starts a route that TaskFlow is compared with. The route prints its address when it is ready. */
export async function startRoute(file: 'empty-route.ts' | 'bullmq-route.ts', start: Start): Promise<Server> {
  const process = runModule(file, [], start)
  const [, url] = await process.waitForOutput(/is ready: (http:\S+)\n/, { timeoutMs: START_MS })
  return serverOf(process, url)
}

/** Starts a Python program of the bench, in the folder of its modules. */
export function startPython(
  python: Python | { readonly missing: string },
  program: 'python' | 'celery' | 'uvicorn',
  args: readonly string[],
  env: Env,
): Server {
  if ('missing' in python) throw new Error(python.missing)
  return serverOf(
    processes.run(python.program(program), args, {
      cwd: python.folder,
      env: { ...env, PYTHONWARNINGS: 'ignore' },
      showsErrors: true,
      isGroup: true,
    }),
  )
}

const at = (file: string): string => join(import.meta.dirname, file)

const startModule = (file: string, args: readonly string[], start: Start): Server =>
  serverOf(runModule(file, args, start))

const runModule = (file: string, args: readonly string[], { env = {}, profileDir }: Start): RunningProcess =>
  processes.node([at(file), ...args], { env, nodeFlags: profiling(profileDir), showsErrors: true })

const profiling = (dir: string | undefined): string[] =>
  dir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${dir}`]

const serverOf = (process: RunningProcess, url = ''): Server => ({
  pid: process.pid,
  url,
  failed: process.failed,
  ended: process.ended,
  stop: () => process.stop(STOP_MS),
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Store } from './stores.ts'

/** A server that is measured: a process of its own, listening on 127.0.0.1. */
export interface Server {
  readonly pid: number
  /** Where it listens; empty when it has no API. */
  readonly url: string
  stop(): Promise<void>
}

interface Start {
  readonly roles?: readonly ('api' | 'worker' | 'coordinator')[]
  readonly profileDir: string | undefined
}

export const ADMIN_TOKEN = 'bench-administrator'
export const SLOTS = 100

const TASKFLOW = join(import.meta.dirname, '../packages/cli/bin/taskflow.js')

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** The real `taskflow start`, ready to serve. */
export async function startTaskFlow(store: Store, { roles, profileDir }: Start): Promise<Server> {
  const tasks = join(import.meta.dirname, 'tasks')
  const args = ['start', '--tasks', tasks, ...(roles ? ['--roles', roles.join(',')] : [])]
  return startServer([...profiling(profileDir), TASKFLOW, ...args], {
    ...store.env,
    TASKFLOW_PORT: '0',
    TASKFLOW_CONCURRENCY: String(SLOTS),
    TASKFLOW_ADMIN_TOKEN: ADMIN_TOKEN,
    TASKFLOW_LOG_LEVEL: 'warn',
  })
}

export const startEmptyRoute = (profileDir: string | undefined): Promise<Server> =>
  startServer([...profiling(profileDir), join(import.meta.dirname, 'empty-route.ts')], {})

const profiling = (dir: string | undefined): string[] =>
  dir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${dir}`]

async function startServer(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Server> {
  const child = spawn(process.execPath, [...args], {
    env: { ...ownEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  const ended = once(child, 'exit').then(() => running.delete(child))
  const url = await untilReady(child, ended)
  return {
    pid: child.pid ?? 0,
    url,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** A setting of whoever runs the bench must not become one of what is measured. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TASKFLOW_|NODE_OPTIONS$)/.test(name)))
}

async function untilReady(child: ChildProcess, ended: Promise<unknown>): Promise<string> {
  let output = ''
  const ready = Promise.withResolvers<void>()
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (output.includes('is ready') && output.endsWith('\n')) ready.resolve()
  })
  const died = ended.then(() => Promise.reject(new Error(`A server ended before it was ready:\n${output}`)))
  await Promise.race([ready.promise, died])
  died.catch(() => {})
  return /http:\/\/[^\s/]+/.exec(output)?.[0] ?? ''
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeFolder } from '@taskflow/testing/remove-folder'
import type { CpuProfile } from './cpu-profile.ts'

export type Role = 'api' | 'worker' | 'coordinator'

/** A `taskflow start` in a process of its own, on 127.0.0.1. */
export interface ProfiledServer {
  /** Where its API is; empty without that role. */
  readonly url: string
  /** Stops it. Resolves with the profile of each of its threads that was asked for, by the thread's name. */
  stop(): Promise<ReadonlyMap<string, CpuProfile>>
}

interface Start {
  readonly roles: readonly Role[]
  readonly databaseUrl: string
  readonly isProfiled?: boolean
}

export const TOKEN = 'profile-administrator'

const BENCH = join(import.meta.dirname, '..')
const TASKFLOW = join(BENCH, '../../packages/cli/bin/taskflow.js')
const SLOTS = '100'
// Twice as fine as the profiler's own choice; it slows what it watches by a tenth or so.
const SAMPLE_US = '500'

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Resolves once it is ready. */
export async function startProfiled({ roles, databaseUrl, isProfiled = false }: Start): Promise<ProfiledServer> {
  const folder = mkdtempSync(join(tmpdir(), 'taskflow-profile-'))
  const profiling = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${SAMPLE_US}`]
  const command = [TASKFLOW, 'start', '--roles', roles.join(','), '--tasks', join(BENCH, 'tasks')]
  const child = spawn(process.execPath, [...(isProfiled ? profiling : []), ...command], {
    env: {
      ...ownEnvironment(),
      TASKFLOW_DATABASE_URL: databaseUrl,
      TASKFLOW_PORT: '0',
      TASKFLOW_CONCURRENCY: SLOTS,
      TASKFLOW_ADMIN_TOKEN: TOKEN,
      TASKFLOW_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  const ended = once(child, 'exit').then(() => running.delete(child))
  const url = await untilReady(child, ended)
  return {
    url,
    async stop() {
      child.kill('SIGTERM')
      await ended
      const profiles = profilesIn(folder)
      removeFolder(folder)
      return profiles
    },
  }
}

/** A setting of whoever profiles must not become one of what is profiled. */
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
  const died = ended.then(() => Promise.reject(new Error(`The server ended before it was ready:\n${output}`)))
  died.catch(() => {})
  await Promise.race([ready.promise, died])
  return /http:\/\/[^\s/]+/.exec(output)?.[0] ?? ''
}

/** Node.js writes one for each thread, and its number into the name: 0 is the main one, the next runs the handlers. */
function profilesIn(folder: string): ReadonlyMap<string, CpuProfile> {
  const threads = readdirSync(folder).map((file) => ({ file, thread: Number(file.split('.').at(-3)) }))
  return new Map(
    threads
      .sort((a, b) => a.thread - b.thread)
      .map(({ file, thread }) => [
        thread === 0 ? 'main' : `runner-${thread}`,
        JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile,
      ]),
  )
}

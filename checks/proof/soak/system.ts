import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownEnvironment } from '@taskflow/testing/open-processes'

/** One process of the system under test, as a user would start it. */
export interface SystemProcess {
  readonly role: Role
  readonly pid: number
  /** Where its metrics are. */
  readonly url: string
  /** What it has complained of so far: at level `warn` it logs nothing else. */
  complaints(): string[]
  /** Rejects when it ends before it was told to. */
  readonly failed: Promise<never>
  stop(): Promise<void>
}

export const ROLES = ['api', 'worker', 'coordinator'] as const

export type Role = (typeof ROLES)[number]

export const TOKEN = 'soak-administrator'

const TASKFLOW = join(import.meta.dirname, '../../../packages/cli/bin/taskflow.js')
const STOP_MS = 30_000

/** @param folder keeps what it writes */
export async function startRole(
  role: Role,
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<SystemProcess> {
  const log = join(folder, `${role}.log`)
  const child = spawn(
    process.execPath,
    [TASKFLOW, 'start', '--roles', role, '--tasks', join(import.meta.dirname, 'tasks')],
    {
      env: {
        ...ownEnvironment(),
        ...env,
        TASKFLOW_ADMIN_TOKEN: TOKEN,
        TASKFLOW_LOG_LEVEL: 'warn',
        ...(role === 'api' ? { TASKFLOW_PORT: '0' } : { TASKFLOW_HEALTH_PORT: '0' }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  let isStopping = false
  const ended = once(child, 'exit')
  const failed = ended.then(([code, signal]): Promise<never> => {
    process.off('exit', kill)
    if (isStopping) return new Promise(() => {})
    throw new Error(`The ${role} ended with ${code ?? signal}:\n${readFileSync(log, 'utf8').slice(-4_000)}`)
  })
  failed.catch(() => {})
  return {
    role,
    pid: child.pid ?? 0,
    url: await Promise.race([untilReady(child, log), failed]),
    complaints: () => linesOf(log).filter((line) => line.startsWith('{')),
    failed,
    async stop() {
      isStopping = true
      child.kill('SIGTERM')
      const hard = setTimeout(kill, STOP_MS)
      await ended
      clearTimeout(hard)
    },
  }
}

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n')

/** Where it listens. */
async function untilReady(child: ChildProcess, log: string): Promise<string> {
  const file = createWriteStream(log)
  const ready = Promise.withResolvers<string>()
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      file.write(text)
      if (said === READY) return
      said += text
      const url = /(?:API|Health) +(http:\/\/[^\s/]+)/.exec(said)?.[1]
      if (!said.includes('is ready') || url === undefined) return
      said = READY
      ready.resolve(url)
    })
  return ready.promise
}

// What was said before is kept in the file alone.
const READY = 'ready'

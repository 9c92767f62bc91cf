import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ownEnvironment } from '@taskflow/testing/open-processes'
import type { Version } from './version.ts'

export type Role = 'api' | 'worker' | 'coordinator'

export type Env = Readonly<Record<string, string>>

/** A process of one version and one role. */
export interface Member {
  readonly version: Version
  readonly role: Role
  /** Where its API listens; empty without that role. */
  readonly url: string
  /** What it warned its operator of, in order. */
  readonly warnings: readonly string[]
  /** SIGTERM, as a deploy sends it. Rejects when it does not end well. */
  stop(): Promise<void>
}

export const TOKEN = 'administrator-of-the-upgrade'

const START_MS = 120_000

const running = new Set<ChildProcess>()
process.once('exit', killAll)

function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** Ends what still runs, in no good order: after a scenario that failed. */
export async function killMembers(): Promise<void> {
  const ends = [...running].map((child) => once(child, 'exit'))
  killAll()
  await Promise.all(ends)
}

/** Resolves once it says that it is ready. */
export async function startMember(version: Version, role: Role, env: Env): Promise<Member> {
  const child = spawn(process.execPath, [commandOf(version), 'start', '--roles', role, '--tasks', version.tasks], {
    cwd: version.root,
    env: {
      ...ownEnvironment(),
      TASKFLOW_PORT: '0',
      TASKFLOW_ADMIN_TOKEN: TOKEN,
      TASKFLOW_LOG_LEVEL: 'warn',
      UPGRADE_VERSION: version.name,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const ended = once(child, 'exit').finally(() => running.delete(child))
  let output = ''
  const ready = Promise.withResolvers<void>()
  child.stdout.setEncoding('utf8').on('data', hear)
  child.stderr.setEncoding('utf8').on('data', hear)
  void ended.then(([code]) => ready.reject(new Error(`${version.name} ${role} ended with ${code}:\n${output}`)))
  const inVain = setTimeout(() => ready.reject(new Error(`${version.name} ${role} is not ready:\n${output}`)), START_MS)

  function hear(text: string): void {
    output += text
    if (output.includes('is ready') && output.endsWith('\n')) ready.resolve()
  }

  await ready.promise.finally(() => clearTimeout(inVain))
  return {
    version,
    role,
    url: /API +(http:\S+)/.exec(output)?.[1] ?? '',
    get warnings() {
      return warningsIn(output)
    },
    async stop() {
      child.kill('SIGTERM')
      const [code, signal] = await ended
      if (code !== 0) throw new Error(`${version.name} ${role} stopped with ${code ?? signal}:\n${output}`)
    },
  }
}

/** Runs `taskflow migrate` of a version. Resolves with what it said. */
export async function migrate(version: Version, args: readonly string[], env: Env): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [commandOf(version), 'migrate', ...args], {
    cwd: version.root,
    env: { ...ownEnvironment(), ...env },
  })
  return stdout.trim()
}

/** Of a log in JSON: levels 40 and 50, with the reason where there is one. */
function warningsIn(output: string): string[] {
  const lines = output.split('\n').filter((line) => /^\{"level":[45]0,/.test(line))
  return lines.map((line) => {
    const { msg, service, reason, err } = JSON.parse(line) as {
      readonly [Field in 'msg' | 'service' | 'reason']?: string
    } & { readonly err?: { readonly message: string } }
    return [service, msg, reason ?? err?.message].filter((part) => part !== undefined).join(': ')
  })
}

const commandOf = ({ root }: Version): string => join(root, 'packages/cli/bin/taskflow.js')

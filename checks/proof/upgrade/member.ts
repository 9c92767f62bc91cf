import type { Processes } from '@taskflow/testing/open-processes'
import { type Env, type Role, type Server, startTaskFlow } from '@taskflow/testing/start-taskflow'
import type { Version } from './version.ts'

/** A process of one version and one role. */
export interface Member extends Pick<Server, 'url'> {
  readonly version: Version
  readonly role: Role
  /** The warnings that it logged for its operator, in order. */
  readonly warnings: readonly string[]
  /** SIGTERM, as a deploy sends it. Rejects when it does not end well. */
  stop(): Promise<void>
}

const START_MS = 120_000

/** Starts a process. Resolves once it reports that it is ready. */
export async function startMember(processes: Processes, version: Version, role: Role, env: Env): Promise<Member> {
  const { root, tasks, name } = version
  const { process, url } = await startTaskFlow(processes, {
    roles: [role],
    tasks,
    root,
    cwd: root,
    env: { UPGRADE_VERSION: name, ...env },
    timeoutMs: START_MS,
  })
  return {
    version,
    role,
    url,
    get warnings() {
      return warningsIn(process.output)
    },
    async stop() {
      const { code, signal } = await process.kill('SIGTERM')
      if (code !== 0) throw new Error(`${name} ${role} stopped with ${code ?? signal}:\n${process.output}`)
    },
  }
}

/** Runs `taskflow migrate` of a version. Rejects, with its output, when it fails. */
export async function migrate(
  processes: Processes,
  { root, name }: Version,
  args: readonly string[],
  env: Env,
): Promise<void> {
  const process = processes.taskflow(['migrate', ...args], { root, cwd: root, env })
  const { code } = await process.ended
  if (code !== 0) throw new Error(`${name} does not migrate ${args.join(' ')}:\n${process.output}`)
}

/** Warnings and errors (levels 40 and 50) of a log in JSON, with the reason where there is one. */
function warningsIn(output: string): string[] {
  const lines = output.split('\n').filter((line) => /^\{"level":[45]0,/.test(line))
  return lines.map((line) => {
    const { msg, service, reason, err } = JSON.parse(line) as {
      readonly [Field in 'msg' | 'service' | 'reason']?: string
    } & { readonly err?: { readonly message: string } }
    return [service, msg, reason ?? err?.message].filter((part) => part !== undefined).join(': ')
  })
}

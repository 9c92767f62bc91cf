import { TaskFlow } from '@taskflow/sdk'
import type { Processes, RunningProcess, SpawnOptions } from './open-processes.ts'

export const ROLES = ['api', 'worker', 'coordinator'] as const

export type Role = (typeof ROLES)[number]

export type Env = Readonly<Record<string, string>>

/** A `taskflow start` that is ready, in a process of its own. */
export interface Server {
  readonly process: RunningProcess
  /** Where its API listens, or its health server; empty where it has neither. */
  readonly url: string
  readonly client: TaskFlow
  /** Settings for a command that is to reach it. */
  readonly env: Env
}

interface Start extends Pick<SpawnOptions, 'onLine' | 'showsErrors' | 'cwd'> {
  /** All roles where absent. */
  readonly roles?: readonly Role[]
  /** The folder of task modules. */
  readonly tasks: string
  /** Settings; above all where it keeps its tasks. */
  readonly env: Env
  readonly nodeFlags?: readonly string[]
  readonly within?: readonly string[]
  /** The tree of another version. */
  readonly root?: string
  readonly timeoutMs?: number
}

/** The administrator's key of every server that checks start. */
export const ADMIN_TOKEN = 'the-key-of-the-checks'

// Several processes that start at once on two cores take long.
const START_MS = 60_000

/** Starts a server with the command that users start it with. Resolves once it reports that it is ready. */
export const startTaskFlow = (processes: Processes, start: Start): Promise<Server> =>
  launchTaskFlow(processes, start).ready

/**
 * The same for callers who need the process before it is ready. `ready` rejects, with its output, when it ends or the
 * time is up.
 */
export function launchTaskFlow(
  processes: Processes,
  { roles, tasks, env, timeoutMs = START_MS, ...options }: Start,
): { readonly process: RunningProcess; readonly ready: Promise<Server> } {
  const process = processes.taskflow(
    ['start', '--tasks', tasks, ...(roles === undefined ? [] : ['--roles', roles.join(',')])],
    {
      ...options,
      env: { TASKFLOW_PORT: '0', TASKFLOW_ADMIN_TOKEN: ADMIN_TOKEN, TASKFLOW_LOG_LEVEL: 'warn', ...env },
    },
  )
  const ready = process
    .waitForOutput(readyWith(roles, env), { timeoutMs })
    .then(([, url = '']) => serverAt(process, url))
  ready.catch(() => {})
  return { process, ready }
}

/** Matches the output of a ready process, with its address if it has one. */
function readyWith(roles: readonly Role[] = ROLES, env: Env): RegExp {
  if (roles.includes('api')) return /API +(http:\S+)/
  return env.TASKFLOW_HEALTH_PORT === undefined ? /is ready/ : /Health +(http:\/\/[^\s/]+)/
}

function serverAt(process: RunningProcess, url: string): Server {
  return {
    process,
    url,
    get client() {
      return new TaskFlow({ url, token: ADMIN_TOKEN })
    },
    env: { TASKFLOW_URL: url, TASKFLOW_TOKEN: ADMIN_TOKEN },
  }
}

import { join } from 'node:path'
import { eventually, type Processes, type RunningProcess } from '@taskflow/testing'
import { type Server, startServer } from '../server.ts'

export type Env = Readonly<Record<string, string>>

/** Real processes of one role each, as a cluster has them, over one database and one broker. */
export interface Cluster {
  api(env?: Env): Promise<Server>
  coordinator(env?: Env): Promise<RunningProcess>
  worker(env?: Env): Promise<RunningProcess>
}

const TASKS = join(import.meta.dirname, '../tasks')
const START_MS = 60_000

/** @param shared settings of every process; read at each start, so that they may come to be in a hook */
export function cluster(processes: Processes, shared: () => Env): Cluster {
  async function start(role: string, env: Env): Promise<RunningProcess> {
    const process = processes.taskflow(['start', '--roles', role, '--tasks', TASKS], {
      env: { TASKFLOW_LOG_LEVEL: 'info', ...shared(), ...env },
    })
    await process.waitForOutput(/is ready/, { timeoutMs: START_MS })
    return process
  }

  return {
    api: (env = {}) =>
      startServer(processes, { env: { TASKFLOW_LOG_LEVEL: 'info', ...shared(), TASKFLOW_ROLES: 'api', ...env } }),
    coordinator: (env = {}) => start('coordinator', env),
    worker: (env = {}) => start('worker', env),
  }
}

/** Of several coordinators, the one whose word it was last that it leads. */
export function leaderOf(coordinators: readonly RunningProcess[]): RunningProcess | undefined {
  const terms = coordinators.map((each) => ({ each, term: lastTermIn(each.output) }))
  const [latest] = terms.toSorted((a, b) => b.term - a.term)
  return latest && latest.term > 0 ? latest.each : undefined
}

/** Resolves with the leader of a term after the given one. */
export async function leaderAfter(
  term: number,
  coordinators: () => readonly RunningProcess[],
  timeoutMs: number,
): Promise<RunningProcess> {
  return eventually(
    () => {
      const leader = leaderOf(coordinators())
      return leader !== undefined && lastTermIn(leader.output) > term && leader
    },
    { timeoutMs, what: `a leader after term ${term}` },
  )
}

/** The last term that a process said it leads; 0 when it never did. */
export function lastTermIn(output: string): number {
  const terms = [...output.matchAll(/"term":(\d+)[^\n]*is now the leader/g)].map(([, term]) => Number(term))
  return terms.at(-1) ?? 0
}

import {
  type Env,
  eventually,
  type Processes,
  type RunningProcess,
  type Server,
  startTaskFlow,
} from '@taskflow/testing'
import { TASKS } from '../server.ts'

/** Real processes of one role each, over one database and one broker. */
export interface Cluster {
  api(env?: Env): Promise<Server>
  coordinator(env?: Env): Promise<RunningProcess>
  worker(env?: Env): Promise<RunningProcess>
}

/** @param shared settings of every process; read at each start, so that a hook may prepare them */
export function cluster(processes: Processes, shared: () => Env): Cluster {
  const start = (role: 'api' | 'coordinator' | 'worker', env: Env = {}): Promise<Server> =>
    startTaskFlow(processes, { roles: [role], tasks: TASKS, env: { TASKFLOW_LOG_LEVEL: 'info', ...shared(), ...env } })

  return {
    api: (env) => start('api', env),
    coordinator: async (env) => (await start('coordinator', env)).process,
    worker: async (env) => (await start('worker', env)).process,
  }
}

/** The coordinator that was the last to log that it leads. */
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

/** The last term in which a process logged that it leads; 0 when it never did. */
export function lastTermIn(output: string): number {
  const terms = [...output.matchAll(/"term":(\d+)[^\n]*is now the leader/g)].map(([, term]) => Number(term))
  return terms.at(-1) ?? 0
}

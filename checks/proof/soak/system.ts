import { join } from 'node:path'
import type { Processes } from '@taskflow/testing/open-processes'
import { type Env, type Role, type Server, startTaskFlow } from '@taskflow/testing/start-taskflow'

/** One process of the system under test. */
export interface SystemProcess extends Pick<Server, 'process' | 'url'> {
  readonly role: Role
}

/** Starts a process of one role, which serves metrics at its URL. */
export async function startRole(processes: Processes, role: Role, env: Env): Promise<SystemProcess> {
  const { process, url } = await startTaskFlow(processes, {
    roles: [role],
    tasks: join(import.meta.dirname, 'tasks'),
    env: { ...env, ...(role !== 'api' && { TASKFLOW_HEALTH_PORT: '0' }) },
  })
  return { role, process, url }
}

/** Returns the log lines of a process so far, which logs only warnings and errors. */
export const complaintsOf = ({ process }: SystemProcess): string[] =>
  process.output.split('\n').filter((line) => line.startsWith('{'))

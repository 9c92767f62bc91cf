import { join } from 'node:path'
import { eventually, type Processes, type Server, startTaskFlow } from '@taskflow/testing'

export type { Server }

const ROOT = join(import.meta.dirname, '../..')

/** The task modules of these tests. */
export const TASKS = join(import.meta.dirname, 'tasks')
export const EXAMPLE_TASKS = join(ROOT, 'examples/tasks')

/** Starts a server of all roles with the task modules of these tests, unless others are given. */
export const startServer = (
  processes: Processes,
  { env, tasks = TASKS }: { readonly env: Server['env']; readonly tasks?: string },
): Promise<Server> => startTaskFlow(processes, { tasks, env })

const UNFINISHED = ['queued', 'running', 'scheduled', 'retrying'] as const

/** Resolves once every task has finished, however it ended. */
export async function nothingIsLeft({ client }: Server, timeoutMs: number): Promise<void> {
  await eventually(async () => (await client.tasks.list({ state: UNFINISHED, limit: 1 })).items.length === 0, {
    timeoutMs,
    what: 'the last task to finish',
  })
}

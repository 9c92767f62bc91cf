import { join } from 'node:path'
import { TaskFlow } from '@taskflow/sdk'
import { eventually, freePort, type Processes, type RunningProcess } from '@taskflow/testing'

/** A whole server, started by the command that users start it by. */
export interface Server {
  readonly process: RunningProcess
  readonly url: string
  readonly client: TaskFlow
  /** What is in the environment of a command that talks to it. */
  readonly env: Readonly<Record<string, string>>
}

interface Given {
  /** Settings, as the environment gives them; where the data is above all. */
  readonly env: Readonly<Record<string, string>>
  readonly tasks?: string
}

const ROOT = join(import.meta.dirname, '../..')
const TOKEN = 'the-key-of-the-tests'

export const EXAMPLE_TASKS = join(ROOT, 'examples/tasks')

// Three busy processes on two cores start slowly.
const START_MS = 60_000

/** Resolves once it says that it is ready. The same address can be given again by TASKFLOW_PORT. */
export async function startServer(
  processes: Processes,
  { env, tasks = join(import.meta.dirname, 'tasks') }: Given,
): Promise<Server> {
  const process = processes.taskflow(['start', '--tasks', tasks], {
    env: { TASKFLOW_PORT: String(await freePort()), TASKFLOW_ADMIN_TOKEN: TOKEN, TASKFLOW_LOG_LEVEL: 'warn', ...env },
  })
  const [, url = ''] = await process.waitForOutput(/API +(http:\S+)/, { timeoutMs: START_MS })
  return {
    process,
    url,
    client: new TaskFlow({ url, token: TOKEN }),
    env: { TASKFLOW_URL: url, TASKFLOW_TOKEN: TOKEN },
  }
}

const UNFINISHED = ['queued', 'running', 'scheduled', 'retrying'] as const

/** Resolves once every task has finished, however it ended. */
export async function nothingIsLeft({ client }: Server, timeoutMs: number): Promise<void> {
  await eventually(async () => (await client.tasks.list({ state: UNFINISHED, limit: 1 })).items.length === 0, {
    timeoutMs,
    what: 'the last task to finish',
  })
}

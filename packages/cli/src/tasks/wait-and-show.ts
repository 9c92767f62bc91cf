import type { Task } from '@taskflow/sdk'
import type { Cli } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { cutTo } from '../text.ts'
import { paintState, progressOf, showTask } from './show-task.ts'

/** Waits for the end of a task, shows its progress on a terminal, and sets the exit code to its outcome. */
export async function waitAndShow({ client, out }: Cli, id: string, timeoutMs?: number): Promise<void> {
  const ticker = process.stderr.isTTY && !out.isJson ? tick : undefined
  const task = await client.tasks
    .wait(id, { timeoutMs, onRead: ticker, ...(ticker && { everyMs: 1_000 }) })
    .finally(() => ticker && process.stderr.write(CLEAR_LINE))
  out.one(task, () => showTask(out, task))
  if (task.state !== 'succeeded') process.exitCode = EXIT.taskFailed
}

const CLEAR_LINE = '\r\u001b[2K'

function tick(task: Task): void {
  const progress = progressOf(task) ?? `attempt ${task.attempt} of ${task.maxAttempts}`
  const room = (process.stderr.columns ?? 80) - task.state.length - 3
  process.stderr.write(`${CLEAR_LINE}${paintState(task.state, task.state, process.stderr)}  ${cutTo(progress, room)}`)
}

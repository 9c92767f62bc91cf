import type { Command } from 'commander'
import { withServer } from '../command.ts'

export function addCancel(tasks: Command): void {
  tasks
    .command('cancel')
    .summary('cancel a task')
    .description('Cancel a task. A waiting task is cancelled at once; a running task is requested to stop.')
    .argument('<id>', 'full id of the task')
    .option('--reason <text>', 'reason, which the history of the task records')
    .action(
      withServer(async ({ client, out }, id: string, options: { reason?: string }) => {
        const task = await client.tasks.cancel(id, options)
        out.one(task, () =>
          out.line(task.state === 'cancelled' ? `Cancelled ${id}` : `Requested ${id} to stop; it is ${task.state}`),
        )
        if (task.state === 'running') out.aside(`Wait for the task: taskflow tasks wait ${id}`)
      }),
    )
}

import type { Command } from 'commander'
import { withServer } from '../command.ts'

export function addCancel(tasks: Command): void {
  tasks
    .command('cancel')
    .description('cancel a task: at once while it waits; a running one is asked to stop')
    .argument('<id>', 'whole id of the task')
    .option('--reason <text>', 'kept in the history of the task')
    .action(
      withServer(async ({ client, out }, id: string, options: { reason?: string }) => {
        const task = await client.tasks.cancel(id, options)
        out.one(task, () =>
          out.line(task.state === 'cancelled' ? `Cancelled ${id}` : `Asked ${id} to stop; it is ${task.state}`),
        )
        if (task.state === 'running') out.aside(`Wait for it: taskflow tasks wait ${id}`)
      }),
    )
}

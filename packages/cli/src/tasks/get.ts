import type { Command } from 'commander'
import { withServer } from '../command.ts'
import { showTask } from './show-task.ts'

export function addGet(tasks: Command): void {
  tasks
    .command('get')
    .summary('show one task')
    .description('Show one task: its state, options, payload, and result or error.')
    .argument('<id>', 'full id of the task')
    .action(
      withServer(async ({ client, out }, id: string) => {
        const task = await client.tasks.get(id)
        out.one(task, () => showTask(out, task))
        if (task.state === 'failed') out.aside(`\nRun it again: taskflow tasks redrive ${id}`)
      }),
    )
}

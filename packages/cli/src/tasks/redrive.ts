import type { Command } from 'commander'
import { examples, withServer } from '../command.ts'
import { readJson } from '../option-values.ts'

export function addRedrive(tasks: Command): void {
  tasks
    .command('redrive')
    .summary('send a finished task back to its queue')
    .description('Send a finished task back to its queue, with a new count of attempts.')
    .argument('<id>', 'full id of the task')
    .option('--payload <json>', 'new input of the handler: JSON, @file, or - for stdin')
    .addHelpText('after', examples('taskflow tasks redrive 01936f0e-5d7c-7000-8000-3f1c6d2a9b10 --payload @fixed.json'))
    .action(
      withServer(async ({ client, out }, id: string, { payload }: { payload?: string }) => {
        const change = payload === undefined ? {} : { payload: readJson('--payload', payload) }
        const task = await client.tasks.redrive(id, change)
        out.one(task, () => out.line(`Redriven ${id}; it is ${task.state}`))
        out.aside(`Wait for the task: taskflow tasks wait ${id}`)
      }),
    )
}

import type { Command } from 'commander'
import { examples, withServer } from '../command.ts'
import { readJson } from '../option-values.ts'

export function addRedrive(tasks: Command): void {
  tasks
    .command('redrive')
    .description('send a finished task back to its queue, attempts counted anew')
    .argument('<id>', 'whole id of the task')
    .option('--payload <json>', 'another payload: JSON, @file, or - for stdin')
    .addHelpText(
      'after',
      examples('taskflow tasks redrive 01936f0e-5d7c-7000-8000-3f1c6d2a9b10 --payload @mended.json'),
    )
    .action(
      withServer(async ({ client, out }, id: string, { payload }: { payload?: string }) => {
        const change = payload === undefined ? {} : { payload: readJson('--payload', payload) }
        const task = await client.tasks.redrive(id, change)
        out.one(task, () => out.line(`Redriven ${id}; it is ${task.state}`))
        out.aside(`Wait for it: taskflow tasks wait ${id}`)
      }),
    )
}

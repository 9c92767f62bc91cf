import type { Command } from 'commander'
import { examples, withServer } from '../command.ts'
import { parseDurationMs } from '../duration.ts'
import { waitAndShow } from './wait-and-show.ts'

export function addWait(tasks: Command): void {
  tasks
    .command('wait')
    .summary('wait until a task has finished, and show it')
    .description('Wait until a task has finished, and show it. The exit code is 1 if the task failed or was cancelled.')
    .argument('<id>', 'full id of the task')
    .option('--timeout <duration>', 'stop waiting after this time, such as 5m, with exit code 7', parseDurationMs)
    .addHelpText('after', examples('taskflow tasks wait 01936f0e-5d7c-7000-8000-3f1c6d2a9b10 --timeout 5m && deploy'))
    .action(withServer((cli, id: string, { timeout }: { timeout?: number }) => waitAndShow(cli, id, timeout)))
}

import type { Command } from 'commander'
import { examples, withServer } from '../command.ts'
import { parseDurationMs } from '../duration.ts'
import { waitAndShow } from './wait-and-show.ts'

export function addWait(tasks: Command): void {
  tasks
    .command('wait')
    .description('wait until a task has finished, and show it; exit code 1 if it failed or was cancelled')
    .argument('<id>', 'whole id of the task')
    .option('--timeout <duration>', 'give up after that long, with exit code 7', parseDurationMs)
    .addHelpText('after', examples('taskflow tasks wait 01936f0e-5d7c-7000-8000-3f1c6d2a9b10 --timeout 5m && deploy'))
    .action(withServer((cli, id: string, { timeout }: { timeout?: number }) => waitAndShow(cli, id, timeout)))
}

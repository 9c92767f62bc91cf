import type { Priority, TaskChanges } from '@taskflow/sdk'
import type { Command } from 'commander'
import { examples, withServer } from '../command.ts'
import { UsageError } from '../failure.ts'
import { gatherLabel, parseCount, parseMoment, priorityOption, readJson } from '../option-values.ts'
import { showTask } from './show-task.ts'

interface EditOptions extends Pick<TaskChanges, 'queue' | 'maxAttempts' | 'title' | 'description'> {
  readonly payload?: string
  readonly priority?: Priority
  readonly runAt?: string
  readonly now?: true
  readonly label?: Record<string, string>
}

export function addEdit(tasks: Command): void {
  tasks
    .command('edit')
    .summary('change a task that waits')
    .description('Change a task that has not started, or that waits between two attempts.')
    .argument('<id>', 'full id of the task')
    .option('--payload <json>', 'new input of the handler: JSON, @file, or - for stdin')
    .option('-q, --queue <name>', 'new queue')
    .addOption(priorityOption())
    .option('--run-at <time>', 'start the task no sooner than this time, such as 2026-01-31T09:00:00Z', parseMoment)
    .option('--now', 'start the task as soon as a worker has a free slot')
    .option('--max-attempts <count>', 'new maximum number of attempts', parseCount)
    .option('-l, --label <name=value>', 'new label; replaces all old labels; repeat for more labels', gatherLabel)
    .option('--title <text>', 'new short text that lists show')
    .option('--description <text>', 'new longer text about the task')
    .addHelpText('after', examples('taskflow tasks edit 01936f0e-5d7c-7000-8000-3f1c6d2a9b10 --priority high --now'))
    .action(
      withServer(async ({ client, out }, id: string, options: EditOptions) => {
        const task = await client.tasks.edit(id, changesOf(options))
        out.one(task, () => showTask(out, task))
      }),
    )
}

function changesOf({ payload, now, runAt, label, ...rest }: EditOptions): TaskChanges {
  const changes: TaskChanges = {
    ...rest,
    ...(payload !== undefined && { payload: readJson('--payload', payload) }),
    ...(runAt !== undefined && { runAt }),
    ...(now && { runAt: null }),
    ...(label && { labels: label }),
  }
  if (Object.keys(changes).length === 0) throw new UsageError('Nothing to change: give at least one option')
  return changes
}

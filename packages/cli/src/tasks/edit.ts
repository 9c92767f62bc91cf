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
    .description('change a task that has not started')
    .argument('<id>', 'whole id of the task')
    .option('--payload <json>', 'another payload: JSON, @file, or - for stdin')
    .option('-q, --queue <name>', 'another queue')
    .addOption(priorityOption())
    .option('--run-at <moment>', 'not before this moment', parseMoment)
    .option('--now', 'as soon as a worker is free')
    .option('--max-attempts <count>', 'attempts before it fails for good', parseCount)
    .option('-l, --label <name=value>', 'these labels in place of the old; may be given many times', gatherLabel)
    .option('--title <text>', 'a line for people')
    .option('--description <text>', 'more for people')
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
  if (Object.keys(changes).length === 0) throw new UsageError('Nothing to change: name at least one option')
  return changes
}

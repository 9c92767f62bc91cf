import type { Priority, Task, TaskOptions } from '@taskflow/sdk'
import type { Command } from 'commander'
import { type Cli, examples, withServer } from '../command.ts'
import { fromNow, parseDurationMs } from '../duration.ts'
import { UsageError } from '../failure.ts'
import { gatherLabel, parseCount, parseMoment, priorityOption, readJson } from '../option-values.ts'
import { onOneLine } from '../text.ts'
import { submitFile } from './submit-file.ts'
import { waitAndShow } from './wait-and-show.ts'

interface SubmitOptions {
  readonly payload?: string
  readonly queue?: string
  readonly priority?: Priority
  readonly delay?: number
  readonly runAt?: string
  readonly maxAttempts?: number
  readonly label?: Record<string, string>
  readonly title?: string
  readonly description?: string
  readonly idempotencyKey?: string
  readonly wait?: true
  readonly timeout?: number
  readonly file?: string
}

export function addSubmit(tasks: Command): void {
  tasks
    .command('submit')
    .summary('submit one task, or the tasks of a file')
    .description('Submit one task of the given type or, with --file, one task for each line of a file.')
    .argument('[type]', 'task type, such as report.build')
    .option('--payload <json>', 'input of the handler: JSON, @file, or - for stdin')
    .option('-q, --queue <name>', 'queue in which the task waits')
    .addOption(priorityOption())
    .option(
      '--delay <duration>',
      'start the task no sooner than this long from now, such as 500ms, 10s, 5m, 2h or 1d',
      parseDurationMs,
    )
    .option('--run-at <time>', 'start the task no sooner than this time, such as 2026-01-31T09:00:00Z', parseMoment)
    .option('--max-attempts <count>', 'maximum number of attempts', parseCount)
    .option('-l, --label <name=value>', 'label by which lists can select the task; repeat for more labels', gatherLabel)
    .option('--title <text>', 'short text that lists show')
    .option('--description <text>', 'longer text about the task')
    .option('--idempotency-key <key>', 'submit the task only once: the same key returns the first task')
    .option('-w, --wait', 'wait until the task has finished, and show it')
    .option('--timeout <duration>', 'with --wait: stop waiting after this time, with exit code 7', parseDurationMs)
    .option('--file <tasks.ndjson>', 'submit each line of this NDJSON file as a task; - for stdin')
    .addHelpText(
      'after',
      examples(
        `taskflow tasks submit report.build --payload '{"customer":"acme"}' --wait`,
        'taskflow tasks submit mail.send --payload @mail.json --delay 10m --label team=billing',
        `echo '{"type":"report.build","payload":{"customer":"acme"}}' | taskflow tasks submit --file -`,
      ),
    )
    .action(withServer(submit))
}

async function submit(cli: Cli, type: string | undefined, options: SubmitOptions): Promise<void> {
  if ((type === undefined) === (options.file === undefined)) {
    throw new UsageError('Give either a task type or --file')
  }
  if (options.file !== undefined) {
    const { file, idempotencyKey, ...others } = options
    const [other] = Object.keys(others)
    // If such an option were ignored, its user would notice only after the tasks have run.
    if (other !== undefined)
      throw new UsageError('With --file, each line contains all options of its task: only --idempotency-key is allowed')
    return submitFile(cli, file, idempotencyKey)
  }
  return submitOne(cli, type as string, options)
}

async function submitOne(cli: Cli, type: string, options: SubmitOptions): Promise<void> {
  const { payload, idempotencyKey, wait, timeout } = options
  const task = await cli.client.tasks.submit(
    type,
    payload === undefined ? undefined : readJson('--payload', payload),
    optionsOf(options),
    idempotencyKey === undefined ? {} : { idempotencyKey },
  )
  if (wait) {
    cli.out.aside(`Submitted ${task.id}`)
    return waitAndShow(cli, task.id, timeout)
  }
  cli.out.one(task, () => cli.out.line(submitted(task)))
  cli.out.aside(`Wait for the task: taskflow tasks wait ${task.id}`)
}

function optionsOf({
  queue,
  priority,
  delay,
  runAt,
  maxAttempts,
  label,
  title,
  description,
}: SubmitOptions): TaskOptions {
  const given = { queue, priority, delayMs: delay, runAt, maxAttempts, labels: label, title, description }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function submitted({ id, type, state, runAt }: Task): string {
  const due = state === 'scheduled' && runAt !== null ? `, due ${fromNow(runAt)}` : ''
  return `Submitted ${onOneLine(type)} as ${id} (${state}${due})`
}

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
    .description('submit a task, or with --file many')
    .argument('[type]', 'type of the task, such as report.build')
    .option('--payload <json>', 'what the handler gets: JSON, @file, or - for stdin')
    .option('-q, --queue <name>', 'queue to wait in')
    .addOption(priorityOption())
    .option('--delay <duration>', 'not before that long from now: 500ms, 10s, 5m, 2h, 1d', parseDurationMs)
    .option('--run-at <moment>', 'not before this moment', parseMoment)
    .option('--max-attempts <count>', 'attempts before it fails for good', parseCount)
    .option('-l, --label <name=value>', 'to find it by; may be given many times', gatherLabel)
    .option('--title <text>', 'a line for people')
    .option('--description <text>', 'more for people')
    .option('--idempotency-key <key>', 'the same key and task give the same task again')
    .option('-w, --wait', 'wait until it has finished, and show it')
    .option('--timeout <duration>', 'with --wait: give up after that long, with exit code 7', parseDurationMs)
    .option('--file <tasks.ndjson>', 'submit each line of a file, or of - for stdin, as a task')
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
    throw new UsageError('Name the type of one task, or a --file of many')
  }
  if (options.file !== undefined) {
    const { file, idempotencyKey, ...others } = options
    const [other] = Object.keys(others)
    // Dropped in silence they would be missed only when the tasks have run.
    if (other !== undefined) throw new UsageError('With --file each line says all of its task: give no options for one')
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
  cli.out.aside(`Wait for it: taskflow tasks wait ${task.id}`)
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

import type { LogLine, TaskFlow } from '@taskflow/sdk'
import { isFinished } from '@taskflow/sdk'
import type { Command } from 'commander'
import { type Cli, withServer } from '../command.ts'
import { paint, pairs } from '../output.ts'
import { onOneLine } from '../text.ts'

export function addLogs(tasks: Command): void {
  tasks
    .command('logs')
    .summary('print the log lines of the handler')
    .description('Print the log lines that the handler of a task wrote, in all attempts, oldest first.')
    .argument('<id>', 'full id of the task')
    .option('-f, --follow', 'print new lines as they come, until the task has finished')
    .action(withServer(printLogs))
}

async function printLogs({ client, out }: Cli, id: string, { follow }: { follow?: true }): Promise<void> {
  if (out.isJson && !follow) return out.list(await Array.fromAsync(linesAfter(client, id)), [], '')
  let isEmpty = true
  for await (const line of follow ? followedLines(client, id) : linesAfter(client, id)) {
    isEmpty = false
    // A list that is not complete cannot be one JSON array.
    if (out.isJson) out.ndjson(line)
    else out.line(asText(line))
  }
  if (isEmpty) out.aside(`The handler has logged nothing. Show the task: taskflow tasks get ${id}`)
}

async function* linesAfter(client: TaskFlow, id: string, cursor?: string): AsyncGenerator<LogLine> {
  let after = cursor
  for (;;) {
    const { items, nextCursor } = await client.tasks.logs(id, { after })
    yield* items
    if (nextCursor === null) return
    after = items.at(-1)?.cursor ?? nextCursor
  }
}

async function* followedLines(client: TaskFlow, id: string): AsyncGenerator<LogLine> {
  let after: string | undefined
  for (let waitMs = 0; ; waitMs = 1_000) {
    // The state is read before the lines, so that the lines include everything that was logged before the end.
    const isOver = isFinished(await client.tasks.get(id, { waitMs }))
    for await (const line of linesAfter(client, id, after)) {
      after = line.cursor
      yield line
    }
    if (isOver) return
  }
}

const COLOUR_OF = { debug: 'gray', info: 'cyan', warn: 'yellow', error: 'red' } as const

function asText({ at, attempt, level, message, fields }: LogLine): string {
  const time = paint('dim', at.slice(11, 23))
  const more = fields ? ` ${paint('dim', pairs(fields as Record<string, unknown>))}` : ''
  return `${time} #${attempt} ${paint(COLOUR_OF[level], level.padEnd(5))} ${onOneLine(message)}${more}`
}

import type { LogLine, TaskFlow } from '@taskflow/sdk'
import { isFinished } from '@taskflow/sdk'
import type { Command } from 'commander'
import { type Cli, withServer } from '../command.ts'
import { paint, pairs } from '../output.ts'
import { onOneLine } from '../text.ts'

export function addLogs(tasks: Command): void {
  tasks
    .command('logs')
    .description('print what the handler logged, by attempt')
    .argument('<id>', 'whole id of the task')
    .option('-f, --follow', 'keep printing until the task has finished')
    .action(withServer(printLogs))
}

async function printLogs({ client, out }: Cli, id: string, { follow }: { follow?: true }): Promise<void> {
  if (out.isJson && !follow) return out.list(await Array.fromAsync(linesAfter(client, id)), [], '')
  let isSilent = true
  for await (const line of follow ? followedLines(client, id) : linesAfter(client, id)) {
    isSilent = false
    // Lines that are still coming cannot be one array.
    if (out.isJson) out.ndjson(line)
    else out.line(inWords(line))
  }
  if (isSilent) out.aside(`Nothing was logged. See how it stands: taskflow tasks get ${id}`)
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
    // Asked before the lines are read, so that what was logged before the end is among them.
    const isOver = isFinished(await client.tasks.get(id, { waitMs }))
    for await (const line of linesAfter(client, id, after)) {
      after = line.cursor
      yield line
    }
    if (isOver) return
  }
}

const COLOUR_OF = { debug: 'gray', info: 'cyan', warn: 'yellow', error: 'red' } as const

function inWords({ at, attempt, level, message, fields }: LogLine): string {
  const time = paint('dim', at.slice(11, 23))
  const more = fields ? ` ${paint('dim', pairs(fields as Record<string, unknown>))}` : ''
  return `${time} #${attempt} ${paint(COLOUR_OF[level], level.padEnd(5))} ${onOneLine(message)}${more}`
}

import { once } from 'node:events'
import { createReadStream, type ReadStream } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import type { NewTask } from '@taskflow/sdk'
import type { Cli } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { UsageError } from '../failure.ts'
import { withoutMark } from '../option-values.ts'
import { harmless } from '../text.ts'

// More refusals than this do not help the reader.
const SHOWN_REFUSALS = 20

/** Submits each line of a file as it is read, and reports each refused line by its number in the file. */
export async function submitFile({ client, out }: Cli, file: string, idempotencyKey?: string): Promise<void> {
  const lineNumbers: number[] = []
  let accepted = 0
  let refused = 0

  const request = idempotencyKey === undefined ? {} : { idempotencyKey }
  for await (const result of client.tasks.submitStream(tasksIn(file, lineNumbers), request)) {
    if (out.isJson) out.ndjson(result)
    if (result.error === undefined) {
      accepted++
    } else if (refused++ < SHOWN_REFUSALS) {
      out.aside(harmless(`Line ${lineNumbers[result.line - 1]}: ${result.error.detail}`))
    }
  }
  if (refused > SHOWN_REFUSALS) out.aside(`… and ${refused - SHOWN_REFUSALS} more refused lines`)
  if (!out.isJson) out.line(`Submitted ${count(accepted)}${refused > 0 ? `; ${refused} refused` : ''}`)
  if (refused > 0) process.exitCode = EXIT.usage
}

async function* tasksIn(file: string, lineNumbers: number[]): AsyncGenerator<NewTask> {
  const input = file === '-' ? process.stdin : await openFile(file)
  const name = file === '-' ? 'stdin' : file
  let lineNumber = 0
  for await (const line of createInterface({ input })) {
    lineNumber++
    const text = lineNumber === 1 ? withoutMark(line, name) : line
    if (text.trim() === '') continue
    lineNumbers.push(lineNumber)
    yield parseLine(text, `Line ${lineNumber} of ${name}`)
  }
}

async function openFile(file: string): Promise<ReadStream> {
  const stream = createReadStream(file)
  await once(stream, 'open').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`Cannot read ${file}: ${error.code}`)
  })
  return stream
}

function parseLine(line: string, place: string): NewTask {
  try {
    return JSON.parse(line) as NewTask
  } catch (error) {
    throw new UsageError(`${place} is not JSON: ${(error as Error).message}`)
  }
}

const count = (tasks: number): string => (tasks === 1 ? '1 task' : `${tasks.toLocaleString('en')} tasks`)

import { TaskFlowError } from '@taskflow/kernel'

export interface Line {
  /** From 1, blank lines counted. */
  readonly number: number
  readonly bytes: Buffer
  /** Why its bytes were not kept. */
  readonly error?: TaskFlowError
}

// Enough for a statement to be full, few enough to be held.
const MAX_GROUP = 500

const NEWLINE = 0x0a

/**
 * Cuts a stream into lines, in groups of those that came together. Of a line that is too long nothing is
 * kept, and it comes as an error; blank lines are left out. Never holds more than one chunk and one line.
 */
export async function* lineGroups(input: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line[]> {
  const cutter = lineCutter(maxBytes)
  for await (const chunk of input) yield* groupsOf(cutter.add(chunk))
  yield* groupsOf(cutter.end())
}

function* groupsOf(lines: readonly Line[]): Generator<Line[]> {
  for (let start = 0; start < lines.length; start += MAX_GROUP) yield lines.slice(start, start + MAX_GROUP)
}

function lineCutter(maxBytes: number) {
  let number = 0
  let parts: Buffer[] = []
  let length = 0

  function keep(part: Buffer): void {
    length += part.length
    if (length > maxBytes) parts = []
    else if (part.length > 0) parts.push(part)
  }

  function finish(): Line[] {
    const line = { number: ++number, bytes: parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts) }
    const isTooLong = length > maxBytes
    parts = []
    length = 0
    if (isTooLong) return [{ ...line, error: tooLong(number, maxBytes) }]
    return isBlank(line.bytes) ? [] : [line]
  }

  return {
    add(chunk: Buffer): Line[] {
      const lines: Line[] = []
      let start = 0
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        keep(chunk.subarray(start, end))
        lines.push(...finish())
        start = end + 1
      }
      keep(chunk.subarray(start))
      return lines
    },
    end: (): Line[] => (length > 0 ? finish() : []),
  }
}

const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)

function tooLong(number: number, maxBytes: number): TaskFlowError {
  return new TaskFlowError('PAYLOAD_TOO_LARGE', `Line ${number} is longer than ${maxBytes} bytes, the limit of a task`)
}

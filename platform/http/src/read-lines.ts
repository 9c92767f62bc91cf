import { TaskFlowError } from '@taskflow/kernel'
import { withoutMark } from '@taskflow/validation'

export interface Line {
  /** Line number from 1, including blank lines. */
  readonly number: number
  readonly bytes: Buffer
  /** Present if the line is too long; `bytes` is empty then. */
  readonly error?: TaskFlowError
}

// Large enough to fill statements, small enough to keep in memory.
const MAX_GROUP = 500

const NEWLINE = 0x0a

/**
 * Splits a stream into lines and yields the lines of each chunk as groups. Omits blank lines, and yields a line that is
 * too long as an error without its bytes. Keeps at most one chunk and one line in memory.
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

const isBlank = (bytes: Buffer): boolean =>
  withoutMark(bytes).every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)

function tooLong(number: number, maxBytes: number): TaskFlowError {
  return new TaskFlowError(
    'PAYLOAD_TOO_LARGE',
    `Line ${number} is longer than ${maxBytes} bytes, the limit for one task`,
  )
}

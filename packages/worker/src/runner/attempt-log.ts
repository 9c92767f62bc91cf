import type { TaskContext } from '@taskflow/sdk'
import type { LogLine } from '@taskflow/tasks'
import type { LogEntry } from '../protocol.ts'
import { clip, storable } from './text.ts'

const LINE_BYTES = 8_192
const MAX_LINES = 10_000

type Entry = Omit<LogEntry, 'key'>

/** The log of one attempt. Makes each line storable, and drops the lines after the first `MAX_LINES`. */
export function attemptLog(write: (entry: Entry) => void): TaskContext['log'] {
  let count = 0

  function writeLine(level: LogLine['level'], message: string, fields: unknown): void {
    if (++count > MAX_LINES + 1) return
    if (count <= MAX_LINES) write({ at: new Date(), level, ...fitLine(String(message), fields) })
    else
      write({ at: new Date(), level: 'warn', message: `Later lines are dropped: ${MAX_LINES} are kept`, fields: null })
  }

  return {
    debug: (message, fields) => writeLine('debug', message, fields),
    info: (message, fields) => writeLine('info', message, fields),
    warn: (message, fields) => writeLine('warn', message, fields),
    error: (message, fields) => writeLine('error', message, fields),
  }
}

function fitLine(message: string, fields: unknown): { message: string; fields: string | null } {
  const text = clip(storable(message), LINE_BYTES)
  const json = fields === undefined ? null : toJson(fields)
  const isFitting = json === null || Buffer.byteLength(text) + Buffer.byteLength(json) <= LINE_BYTES
  return { message: text, fields: isFitting ? json : '{"dropped":"the line was too long"}' }
}

function toJson(fields: unknown): string | null {
  try {
    return JSON.stringify(fields, (_, value) => (typeof value === 'string' ? storable(value) : plain(value))) ?? null
  } catch {
    return '{"dropped":"the fields cannot be written as JSON"}'
  }
}

/** Converts errors and bigints, which JSON omits or refuses, to values that JSON can hold. */
function plain(value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack }
  return typeof value === 'bigint' ? String(value) : value
}

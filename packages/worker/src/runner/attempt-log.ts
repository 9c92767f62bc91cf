import { inspect } from 'node:util'
import type { TaskContext } from '@taskflow/sdk'
import { nestsTooDeep, reasonOf } from '@taskflow/sdk/json'
import type { LogLine } from '@taskflow/tasks'
import type { LogEntry } from '../protocol.ts'
import { clip, storable } from './text.ts'

const LINE_BYTES = 8_192
const MAX_LINES = 10_000
// The lines of all attempts of a worker wait in its memory while the database is slow.
const MAX_BYTES = 8 * 1_048_576

const DROPPED = `Later lines are dropped: ${MAX_LINES.toLocaleString('en')} lines or 8 MiB are kept`

type Entry = Omit<LogEntry, 'key'>

/** The log of one attempt. Makes each line storable, and drops the lines after `MAX_LINES` or `MAX_BYTES`. */
export function attemptLog(write: (entry: Entry) => void): TaskContext['log'] {
  let lines = 0
  let bytes = 0
  let isFull = false

  function writeLine(level: LogLine['level'], message: string, fields: unknown): void {
    if (isFull) return
    const line = fitLine(String(message), fields)
    lines++
    bytes += Buffer.byteLength(line.message) + (line.fields === null ? 0 : Buffer.byteLength(line.fields))
    isFull = lines > MAX_LINES || bytes > MAX_BYTES
    if (!isFull) write({ at: new Date(), level, ...line })
    else write({ at: new Date(), level: 'warn', message: DROPPED, fields: null })
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

/** A log is not worth the failure of its task: JSON gets a text for a value that it would lose. */
function toJson(fields: unknown): string | null {
  try {
    const text = JSON.stringify(fields, (_, value) => plain(value)) ?? null
    return text === null || !nestsTooDeep(text) ? text : '{"dropped":"the fields are nested too deep"}'
  } catch {
    return '{"dropped":"the fields cannot be written as JSON"}'
  }
}

function plain(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return storable(value)
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'object':
      return value === null ? null : plainObject(value)
    case 'bigint':
      return String(value)
    case 'function':
    case 'symbol':
      return inspect(value)
    default:
      return value
  }
}

function plainObject(value: object): unknown {
  if (value instanceof Error) {
    const { name, message, stack, cause } = value
    const { errors } = value as { errors?: unknown }
    return { name, message, stack, cause, errors }
  }
  // `inspect` ends after two levels and a hundred items.
  return reasonOf(value) === undefined ? value : storable(inspect(value))
}

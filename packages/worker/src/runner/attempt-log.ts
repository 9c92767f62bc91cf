import { inspect } from 'node:util'
import type { TaskContext } from '@taskflow/sdk'
import { nestsTooDeep, reasonOf } from '@taskflow/sdk/json'
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

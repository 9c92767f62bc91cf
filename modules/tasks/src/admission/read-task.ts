import { asSent, checker, isPlainJson, predicate } from '@taskflow/validation'
import type { TaskRequest } from '../domain/complete-task.ts'
import { NewTaskBody } from './task-fields.ts'

/** A task as a caller requests it, accepted by its schema. */
export interface ReadTask {
  readonly fields: TaskRequest
  /** JSON text. */
  readonly payload: string
}

/** Checks a parsed task against its schema. Throws REQUEST_MALFORMED. */
export const checkTask = checker(NewTaskBody)

const isTask = predicate(NewTaskBody)

/** Reads a body that has been parsed and checked. */
export const readBody = (body: NewTaskBody): ReadTask => ({ fields: body, payload: payloadOf(body.payload) })

/**
 * Reads a value of this process as `asSent` would after a round trip through JSON, at a fraction of the cost. Returns
 * undefined when the results might differ or the task is invalid: the caller then uses `asSent`, which reports the error.
 */
export function readPlainTask(given: unknown): ReadTask | undefined {
  if (typeof given !== 'object' || given === null || 'toJSON' in given) return undefined
  const { payload, ...fields } = given as Record<string, unknown>
  const text = payloadOf(payload)
  if (!isPlainJson(text)) return undefined
  for (const name in fields) {
    const value = fields[name]
    if (isPlainField(value)) continue
    const sent = JSON.stringify(value) as string | undefined
    if (sent === undefined || !isPlainJson(sent)) return undefined
    fields[name] = JSON.parse(sent)
  }
  return isTask(fields) ? { fields: fields as unknown as TaskRequest, payload: text } : undefined
}

/** Reads a value of this process, with or without the shortcut of `readPlainTask`. Throws REQUEST_MALFORMED. */
export const readTask = (given: unknown): ReadTask => readPlainTask(given) ?? readBody(checkTask(asSent(given)))

/** Returns the payload as JSON. JSON omits a function or undefined, which therefore counts as null. */
const payloadOf = (payload: unknown): string => (JSON.stringify(payload) as string | undefined) ?? 'null'

/** Returns whether JSON preserves the value or omits it. The schema rejects the numbers that JSON does not preserve. */
const isPlainField = (value: unknown): boolean =>
  value === undefined ||
  typeof value === 'number' ||
  (typeof value === 'string' && value.isWellFormed() && !value.includes('\0'))

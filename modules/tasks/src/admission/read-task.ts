import { asSent, checker, isPlainJson, predicate } from '@taskflow/validation'
import type { TaskRequest } from '../domain/complete-task.ts'
import { NewTaskBody } from './task-fields.ts'

/** A task as its caller asks for it, once its schema has passed it. */
export interface ReadTask {
  readonly fields: TaskRequest
  /** JSON text. */
  readonly payload: string
}

export const checkTask = checker(NewTaskBody)

const isTask = predicate(NewTaskBody)

/** Of a body that has been parsed and checked. */
export const readBody = (body: NewTaskBody): ReadTask => ({ fields: body, payload: payloadOf(body.payload) })

/**
 * Of a value that has not travelled: what it would be once it has, as `asSent` would have it, at a fraction of
 * the cost. Undefined where that is in doubt or the task is wrong: then `asSent` has to tell.
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

/** The same, whatever it takes. @throws REQUEST_MALFORMED */
export const readTask = (given: unknown): ReadTask => readPlainTask(given) ?? readBody(checkTask(asSent(given)))

/** What has no JSON (a function, nothing at all) is left out on the way, and counts as null. */
const payloadOf = (payload: unknown): string => (JSON.stringify(payload) as string | undefined) ?? 'null'

/** Travels as it is, or not at all. Numbers that do not are refused by the schema. */
const isPlainField = (value: unknown): boolean =>
  value === undefined ||
  typeof value === 'number' ||
  (typeof value === 'string' && value.isWellFormed() && !value.includes('\0'))

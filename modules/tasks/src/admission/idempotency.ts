import { createHash } from 'node:crypto'
import { validator } from '@taskflow/validation'
import { Type } from 'typebox'
import type { NewTask } from '../domain/task.ts'
import type { IdempotencyKey } from '../ports/task-store.ts'

/** The headers of submissions. */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x20-\\x7e]{1,255}$',
      description:
        'Makes the request safe to repeat: the same key with the same body returns the first reply again. 1 to 255 printable ASCII characters',
    }),
  ),
})

const refusalOf = validator(IdempotencyHeaders, 'headers')

/** Throws REQUEST_MALFORMED when the key is not a valid value of the header. */
export function checkIdempotencyKey(key: string): void {
  const refusal = refusalOf({ 'idempotency-key': key })
  if (refusal) throw refusal
}

/**
 * Returns the key with a hash of the request, or nothing without a key. The hash distinguishes requests that use one key.
 *
 * @param requested makes the task as the request alone gives it, for a submission of one task
 */
export function idempotencyOf(
  key: string | undefined,
  route: string,
  body: unknown,
  requested?: () => NewTask,
): { idempotency?: IdempotencyKey } {
  if (key === undefined) return {}
  const requestHash = createHash('sha256')
    .update(`${route}\n${canonicalJson(body)}`)
    .digest('hex')
  return { idempotency: { key, requestHash, ...(requested && { requested: requested() }) } }
}

/** Returns the same text for equal values, regardless of the order of their fields. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}

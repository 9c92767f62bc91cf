import { createHash } from 'node:crypto'
import { validator } from '@taskflow/validation'
import { Type } from 'typebox'
import type { IdempotencyKey } from '../ports/task-store.ts'

export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x20-\\x7e]{1,255}$',
      description: 'The same key with the same body gives the first reply again: 1 to 255 printable ASCII characters',
    }),
  ),
})

const refusalOf = validator(IdempotencyHeaders, 'headers')

/** Refuses a key that could not be a header. */
export function checkIdempotencyKey(key: string): void {
  const refusal = refusalOf({ 'idempotency-key': key })
  if (refusal) throw refusal
}

/** Nothing without a key. The hash tells the same request from another one under the same key. */
export function idempotencyOf(key: string | undefined, route: string, body: unknown): { idempotency?: IdempotencyKey } {
  if (key === undefined) return {}
  const requestHash = createHash('sha256')
    .update(`${route}\n${canonicalJson(body)}`)
    .digest('hex')
  return { idempotency: { key, requestHash } }
}

/** One text for one value, whatever the order of its fields. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}

import { NAME_PATTERN } from '@taskflow/kernel'
import { type Static, type TObject, type TSchema, Type } from 'typebox'

/** Schemas of single values that many routes share. */

export const name = (description: string) =>
  Type.String({ pattern: NAME_PATTERN, description: `${description}: letters, digits and \`. _ : -\`, at most 128` })

// No moment that is given may lie outside: it must fit PostgreSQL, an interval from it too, and be no typing error.
const MOMENT = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/
const FIRST_YEAR = 1970
const LAST_YEAR = 2200

export const MOMENT_RULE = `an ISO 8601 date and time with its zone, from ${FIRST_YEAR} to ${LAST_YEAR}`

/** Whether it is such a moment; a day that its month does not have is none, though Date would take it. */
export function isMoment(text: string): boolean {
  const match = MOMENT.exec(text)
  if (!match) return false
  const [year, month, day] = match.slice(1, 4).map(Number) as [number, number, number]
  const isDay = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day
  return isDay && year >= FIRST_YEAR && year <= LAST_YEAR && !Number.isNaN(Date.parse(text))
}

const TEN_YEARS_MS = 10 * 365 * 86_400_000

export const duration = (description: string, minimum = 0) =>
  Type.Integer({ minimum, maximum: TEN_YEARS_MS, description: `${description}, in milliseconds` })

/** The value or null, as one schema with two types: an `anyOf` would blur what a refusal says. */
export function nullable<Schema extends TSchema>(schema: Schema) {
  return Type.Unsafe<Static<Schema> | null>({ ...schema, type: [(schema as { type?: string }).type, 'null'] })
}

/** A body or query that refuses fields it does not know. */
export function closed<Properties extends Parameters<typeof Type.Object>[0]>(
  properties: Properties,
  options: Record<string, unknown> = {},
): TObject<Properties> {
  return Type.Object(properties, { ...options, additionalProperties: false }) as TObject<Properties>
}

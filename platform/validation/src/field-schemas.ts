import { NAME_PATTERN } from '@taskflow/kernel'
import { type Static, type TObject, type TSchema, Type } from 'typebox'

export const name = (description: string) =>
  Type.String({ pattern: NAME_PATTERN, description: `${description}: letters, digits and \`. _ : -\`, at most 128` })

// The range of years below excludes typing errors, and moments that PostgreSQL could not store after adding an
// interval.
const MOMENT = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/
const FIRST_YEAR = 1970
const LAST_YEAR = 2200

export const MOMENT_RULE = `an ISO 8601 date and time with its zone, from ${FIRST_YEAR} to ${LAST_YEAR}`

/**
 * Returns whether a text follows `MOMENT_RULE`. Rejects a day that its month does not have, which Date would accept.
 */
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

/** Allows null as well. Returns one schema with two types, because errors of an `anyOf` say less. */
export function nullable<Schema extends TSchema>(schema: Schema) {
  return Type.Unsafe<Static<Schema> | null>({ ...schema, type: [(schema as { type?: string }).type, 'null'] })
}

/** Makes the schema of a body or query that rejects unknown fields. */
export function closed<Properties extends Parameters<typeof Type.Object>[0]>(
  properties: Properties,
  options: Record<string, unknown> = {},
): TObject<Properties> {
  return Type.Object(properties, { ...options, additionalProperties: false }) as TObject<Properties>
}

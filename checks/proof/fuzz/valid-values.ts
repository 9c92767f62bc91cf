import fc from 'fast-check'
import type { JsonSchema } from './document.ts'

/** Draws values that match a schema, including its bounds. */
export function validValue(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { type } = schema
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (Array.isArray(type)) return fc.oneof(...type.map((each: string) => validValue({ ...schema, type: each })))
  switch (type) {
    case undefined:
      return anyJson
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return validInteger(schema)
    case 'number':
      return validNumber(schema)
    case 'string':
      return validText(schema)
    case 'array':
      return validArray(schema)
    case 'object':
      return validObject(schema)
    default:
      throw new TypeError(`There is no schema of type ${type}`)
  }
}

function validInteger({ minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER }: JsonSchema) {
  return fc.oneof(
    { arbitrary: fc.integer({ min: minimum, max: maximum }), weight: 3 },
    fc.constantFrom(minimum, maximum),
  )
}

function validNumber({ minimum = -1e300, maximum = 1e300 }: JsonSchema) {
  return fc.oneof(fc.double({ min: minimum, max: maximum, noNaN: true }), fc.constantFrom(minimum, maximum))
}

/** Any storable text: no NUL, no lone surrogate. */
const storable = (bounds: { minLength?: number; maxLength?: number }): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary', ...bounds }).map((text) => text.replaceAll('\0', '\u0001'))

// One UTF-16 unit and one byte, one unit and three bytes, two units and four bytes.
const LETTERS = ['a', '字', '🧵'] as const

function validText({ pattern, format, minLength = 0, maxLength = 1_000 }: JsonSchema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  if (format === 'date-time') return validMoment
  if (format === 'uuid') return fc.uuid()
  const longest = fc.constantFrom(...LETTERS).map((letter) => letter.repeat(maxLength))
  // Schema and generator both count code points.
  return fc.oneof({ arbitrary: storable({ minLength, maxLength }), weight: 6 }, { arbitrary: longest, weight: 1 })
}

const two = (number: number): string => String(number).padStart(2, '0')

// The range of real offsets.
const offset = fc
  .tuple(fc.constantFrom('+', '-'), fc.nat(13), fc.constantFrom(0, 30, 45))
  .map(([sign, hours, minutes]) => `${sign}${two(hours)}:${two(minutes)}`)

/** A time in a year from 1970 to 2200 as written; in UTC the year may differ. */
export const validMoment: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      fc.date({ min: new Date('1970-01-01Z'), max: new Date('2200-12-31T23:59:59Z'), noInvalidDate: true }),
      fc.constantFrom(new Date('1970-01-01Z'), new Date('2200-12-31T23:59:59Z'), new Date('2028-02-29T12:00:00Z')),
    ),
    fc.constantFrom('', ':00', ':59', ':59.9', ':30.123456789'),
    fc.oneof(fc.constant('Z'), offset),
  )
  .map(([date, seconds, zone]) => `${date.toISOString().slice(0, 16)}${seconds}${zone}`)

function validArray({ items = {}, minItems = 0, maxItems = 5 }: JsonSchema): fc.Arbitrary<unknown[]> {
  return fc.array(validValue(items), { minLength: minItems, maxLength: Math.min(maxItems, Math.max(minItems, 5)) })
}

function validObject(schema: JsonSchema): fc.Arbitrary<Record<string, unknown>> {
  const { properties, required = [], additionalProperties, minProperties = 0 } = schema
  if (properties === undefined && typeof additionalProperties === 'object') return validRecord(schema)
  const fields = Object.fromEntries(Object.entries(properties ?? {}).map(([name, each]) => [name, validValue(each)]))
  return fc
    .record(fields, { requiredKeys: [...required], noNullPrototype: true })
    .filter((object) => Object.keys(object).length >= minProperties)
}

function validRecord({ propertyNames, additionalProperties, maxProperties = 20 }: JsonSchema) {
  const names = validText({ minLength: 0, maxLength: 64, ...propertyNames }).filter((name) => name !== '__proto__')
  return fc.dictionary(names, validValue(additionalProperties as JsonSchema), {
    maxKeys: Math.min(maxProperties, 8),
    noNullPrototype: true,
  })
}

const { json: shallowJson } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, 0, -0, '', 1e21, 1e-7, 5e-324, Number.MAX_VALUE),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    storable({}),
    fc.array(tie('json'), { maxLength: 5 }),
    fc.dictionary(
      storable({}).filter((name) => name !== '__proto__'),
      tie('json'),
      { maxKeys: 5, noNullPrototype: true },
    ),
  ),
}))

// The maximum depth of a payload within a body or a batch, which may have 64 levels in all.
const DEEPEST = 58

const deepJson = fc.nat(DEEPEST).map((depth) => {
  let nested: unknown = 'deep'
  for (let level = 0; level < depth; level++) nested = level % 2 === 0 ? [nested] : { nested }
  return nested
})

/** Any JSON that can be stored unchanged. */
const anyJson: fc.Arbitrary<unknown> = fc.oneof({ arbitrary: shallowJson, weight: 9 }, deepJson)

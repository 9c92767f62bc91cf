import fc from 'fast-check'
import type { JsonSchema } from './document.ts'
import { Raw } from './json-text.ts'
import { validValue } from './valid-values.ts'

/** A value with one flaw, and the name of the flaw. */
export interface Broken {
  readonly what: string
  readonly value: unknown
}

const OF_TYPE: readonly (readonly [type: string, value: unknown])[] = [
  ['null', null],
  ['boolean', true],
  ['number', 5],
  ['number', -0],
  ['number', 1.5],
  ['string', 'text'],
  ['string', ''],
  ['array', []],
  ['array', ['a']],
  ['object', {}],
  ['object', { a: 1 }],
]

/** Values that parse as JSON but cannot be stored: invalid in every place. */
const UNSTORABLE: readonly Broken[] = [
  { what: 'a NUL', value: 'a\0b' },
  { what: 'a lone surrogate', value: 'a\ud800' },
  { what: 'swapped surrogates', value: '\udc00\ud83d' },
  { what: 'an infinite number', value: new Raw('1e999') },
  { what: 'a negative infinite number', value: new Raw('-1e400') },
  { what: 'an integer that loses digits', value: new Raw('9007199254740993') },
  { what: '__proto__', value: new Raw('{"__proto__":{"isAdmin":true}}') },
  { what: '__proto__ as escapes', value: new Raw('{"\\u005f_proto__":1}') },
  { what: 'a depth beyond any stack', value: new Raw(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) },
  { what: 'a depth just above the limit', value: new Raw(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`) },
]

const INVALID_TIMES = [
  'soon',
  '2026-01-01',
  '2026-01-01T00:00:00',
  '2026-02-30T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-01-01T25:00:00Z',
  '2026-01-01T00:00:61Z',
  '2026-01-01T00:00:00+99:00',
  '1969-12-31T23:59:59Z',
  '2201-01-01T00:00:00Z',
  '+002026-01-01T00:00:00Z',
  '2026-01-01 00:00:00Z',
  '2026-01-01T00:00:00.Z',
  '٢٠٢٦-01-01T00:00:00Z',
  'infinity',
  'now()',
]

const INVALID_IDS = ['', '1', 'null', "' or 1=1 --", '../../etc/passwd', '{00000000-0000-7000-8000-000000000000}']

/** Strings that no pattern of the document matches. */
const INVALID_NAMES = [
  '',
  ' ',
  '-a',
  'a b',
  'ä',
  'a\n',
  'a/b',
  'a'.repeat(300),
  'a\r\nX-Injected: 1',
  '𝒂',
  "a'; drop table task",
]

/** Draws values that break a schema in one place. */
export function brokenValue(schema: JsonSchema): fc.Arbitrary<Broken> {
  return fc.oneof(fc.constantFrom(...flawsOf(schema)), ...deeperFlaws(schema))
}

function flawsOf(schema: JsonSchema): Broken[] {
  const types = typesOf(schema)
  const wrongTypes = types === undefined ? [] : OF_TYPE.filter(([type]) => !fits(type, types))
  return [
    ...wrongTypes.map(([, value]) => ({ what: 'another type', value })),
    ...UNSTORABLE,
    ...(schema.enum
      ? ['urgent', 'HIGH', '', 'constructor'].map((value) => ({ what: 'none of the allowed values', value }))
      : []),
    ...numberFlaws(schema, types ?? []),
    ...textFlaws(schema, types ?? []),
  ]
}

function typesOf({ type, enum: values }: JsonSchema): readonly string[] | undefined {
  if (values) return [...new Set(values.map((value) => (value === null ? 'null' : typeof value)))]
  return type === undefined ? undefined : [type].flat()
}

/** An integer is also a number. */
const fits = (type: string, allowed: readonly string[]): boolean =>
  allowed.includes(type) || (type === 'number' && allowed.includes('integer'))

function numberFlaws({ minimum, maximum }: JsonSchema, types: readonly string[]): Broken[] {
  if (!types.includes('integer') && !types.includes('number')) return []
  return [
    ...(types.includes('integer') ? [0.5, 1e-7].map((value) => ({ what: 'not an integer', value })) : []),
    ...(minimum === undefined ? [] : [minimum - 1, -1e300].map((value) => ({ what: 'below the minimum', value }))),
    ...(maximum === undefined ? [] : [maximum + 1, 1e300].map((value) => ({ what: 'above the maximum', value }))),
  ]
}

function textFlaws({ pattern, format, minLength = 0, maxLength }: JsonSchema, types: readonly string[]): Broken[] {
  if (!types.includes('string')) return []
  const misfits = pattern === undefined ? [] : INVALID_NAMES.filter((text) => !new RegExp(pattern).test(text))
  return [
    ...misfits.map((value) => ({ what: 'not matching the pattern', value })),
    ...(format === 'date-time' ? INVALID_TIMES.map((value) => ({ what: 'not a date-time', value })) : []),
    ...(format === 'uuid' ? INVALID_IDS.map((value) => ({ what: 'not a UUID', value })) : []),
    ...(minLength > 0 ? [{ what: 'too short', value: '' }] : []),
    ...(maxLength === undefined
      ? []
      : ['a', '🧵'].map((each) => ({ what: 'too long', value: each.repeat(maxLength + 1) }))),
  ]
}

function deeperFlaws(schema: JsonSchema): fc.Arbitrary<Broken>[] {
  const types = typesOf(schema) ?? []
  if (types.includes('array')) return arrayFlaws(schema)
  if (types.includes('object')) return schema.properties ? objectFlaws(schema) : recordFlaws(schema)
  return []
}

// Longer lists take too much time.
const MAX_ITEMS = 300

function arrayFlaws({ items = {}, minItems = 0, maxItems }: JsonSchema): fc.Arbitrary<Broken>[] {
  const good = validValue(items)
  return [
    fc.tuple(fc.array(good, { maxLength: 3 }), brokenValue(items)).map(([before, { what, value }]) => ({
      what: `item ${before.length}: ${what}`,
      value: [...before, value],
    })),
    ...(minItems > 0 ? [fc.constant({ what: 'too few', value: [] })] : []),
    ...(maxItems !== undefined && maxItems <= MAX_ITEMS
      ? [good.map((item) => ({ what: 'too many', value: Array(maxItems + 1).fill(item) }))]
      : []),
  ]
}

const UNKNOWN_FIELDS = [
  'colour',
  'constructor',
  'toString',
  'hasOwnProperty',
  'Type',
  'run_at',
  '',
  '\u202e',
  'a'.repeat(200),
]

function objectFlaws(schema: JsonSchema): fc.Arbitrary<Broken>[] {
  const { properties = {}, required = [], additionalProperties } = schema
  const good = validValue({ ...schema, type: 'object' }) as fc.Arbitrary<Record<string, unknown>>
  return [
    ...Object.entries(properties).map(([name, each]) =>
      fc.tuple(good, brokenValue(each)).map(([object, { what, value }]) => ({
        what: `${name}: ${what}`,
        value: { ...object, [name]: value },
      })),
    ),
    ...required.map((name) => good.map(({ [name]: _, ...rest }) => ({ what: `without ${name}`, value: rest }))),
    ...(additionalProperties === false
      ? [
          fc.tuple(good, fc.constantFrom(...UNKNOWN_FIELDS)).map(([object, name]) => ({
            what: `with a field ${JSON.stringify(name)}`,
            value: { ...object, [name]: 1 },
          })),
        ]
      : []),
    ...((schema.minProperties ?? 0) > 0 ? [fc.constant({ what: 'without fields', value: {} })] : []),
  ]
}

function recordFlaws({ propertyNames = {}, additionalProperties, maxProperties }: JsonSchema): fc.Arbitrary<Broken>[] {
  if (typeof additionalProperties !== 'object') return []
  const value = validValue(additionalProperties)
  const { minLength = 0, maxLength } = propertyNames
  return [
    brokenValue(additionalProperties).map(({ what, value }) => ({ what: `a value: ${what}`, value: { a: value } })),
    ...(maxLength === undefined
      ? []
      : [value.map((each) => ({ what: 'a name too long', value: { ['n'.repeat(maxLength + 1)]: each } }))]),
    ...(minLength > 0 ? [value.map((each) => ({ what: 'an empty name', value: { '': each } }))] : []),
    ...(maxProperties === undefined
      ? []
      : [
          value.map((each) => ({
            what: 'too many names',
            value: Object.fromEntries(Array.from({ length: maxProperties + 1 }, (_, index) => [`n${index}`, each])),
          })),
        ]),
  ]
}

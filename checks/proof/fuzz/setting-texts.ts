import type { SettingDescription, SettingName } from '@taskflow/server'
import fc from 'fast-check'
import { brokenValue } from './broken-values.ts'
import type { JsonSchema } from './document.ts'
import { validValue } from './valid-values.ts'

const URL_SETTINGS = ['postgres', 'redis', 'amqp'] as const

const host = fc.constantFrom('db', '127.0.0.1:5432', 'user:p%40ss@db.example:6543', '[::1]:5432')

/** Draws valid texts of a setting. */
export function validTextOf({ name, schema }: SettingDescription): fc.Arbitrary<string> {
  const { pattern, type } = schema as JsonSchema
  const scheme = URL_SETTINGS.find((each) => pattern !== undefined && new RegExp(pattern).test(`${each}://x`))
  if (scheme !== undefined) return host.map((each) => `${scheme}://${each}/name`)
  if (name === 'queues')
    return someText(fc.tuple(NAME, fc.constantFrom('', '=1', '=1000')).map((parts) => parts.join('')))
  if (name === 'types')
    return someText(
      fc.oneof(
        NAME,
        NAME.map((each) => `${each}*`),
        fc.constant('*'),
      ),
    )
  if (type === 'object') return someText(fc.tuple(NAME, NAME).map(([key, value]) => `${key}=${value}`))
  if (type === 'array') return validValue({ ...(schema as JsonSchema), minItems: 1 }).map(String)
  return validValue(schema as JsonSchema).map(String)
}

const NAME = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,20}$/)

const someText = (one: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .uniqueArray(one, { minLength: 1, maxLength: 4, selector: (each) => each.split('=')[0] })
    .chain((all) => fc.constantFrom(',', ', ').map((comma) => all.join(comma)))

const INVALID_LISTS: Readonly<Partial<Record<SettingName, readonly string[]>>> = {
  queues: [',', 'mail=0', 'mail=', 'mail=1.5', 'mail=1001', 'a b', 'mail,mail', '=3', 'mail=1=2', 'ä'],
  types: [',', '**', '*.mail', 'a*b', 'a b', '-', 'mail.?'],
  roles: [',', 'boss', 'api,boss', 'API', 'api;worker'],
  workerLabels: ['zone', 'zone=eu,gpu', '=eu', 'zone=a,zone=b', ' =x', `${'n'.repeat(65)}=x`, `a=${'x'.repeat(257)}`],
}

/** Draws texts that are invalid for a setting, by flag and by variable. */
export function brokenTextOf({ name, schema }: SettingDescription): fc.Arbitrary<string> {
  const { type, pattern } = schema as JsonSchema
  const lists = INVALID_LISTS[name]
  if (lists) return fc.constantFrom(...lists)
  if (type === 'integer')
    return fc.oneof(
      fc.constantFrom(
        '1e3',
        '0x10',
        '1_000',
        '1,000',
        '٣',
        '1.5',
        'NaN',
        'Infinity',
        'ten',
        '9'.repeat(30),
        '--1',
        '1 2',
      ),
      brokenValue(schema as JsonSchema)
        .filter(({ value }) => typeof value === 'number' && !Object.is(value, -0) && value !== 5)
        .map(({ value }) => String(value)),
    )
  const misfit = fc.constantFrom(
    'http://db',
    'postgres:/db',
    'redis//x',
    'amqp://',
    'postgres://h:99999',
    '1',
    'a b',
    'ÄÖ',
  )
  const isRight = (text: string): boolean =>
    pattern !== undefined && new RegExp(pattern).test(text) && URL.canParse(text)
  if (pattern !== undefined && new RegExp(pattern).test('a'))
    return fc.constantFrom('a b', 'a"b', 'ä', '-', "'").filter((text) => !new RegExp(pattern).test(text))
  if (pattern !== undefined) return misfit.filter((text) => !isRight(text))
  if ((schema as JsonSchema).enum) return fc.constantFrom('Redis', 'none', 'debug,info', 'INFO', ' ')
  return fc.constantFrom('x', '🧵').map((letter) => letter.repeat(((schema as JsonSchema).maxLength ?? 0) + 1))
}

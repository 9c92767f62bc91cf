import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { hasCode } from '@taskflow/kernel'
import { SETTINGS, type SettingDescription } from '@taskflow/server'
import fc from 'fast-check'
import { loadSettings } from '../../../packages/server/src/load-settings.ts'
import { type Area, type Complaint, type Effort, failureOf, type Round } from './area.ts'
import type { JsonSchema } from './document.ts'
import { hostileText } from './hostile.ts'
import { brokenTextOf, validTextOf } from './setting-texts.ts'

const RUNS = 400

// Each run loads a file as a module, which stays loaded.
const FILE_RUNS = 25

type Loader = typeof loadSettings

/** Passes values by flag, environment and file: each is accepted, or refused with the name of its setting. */
export const settingsArea: Area = {
  name: 'settings',
  summary: 'flags, environment and configuration file',
  open: async () => ({
    round: (seed) => settingsRound(loadSettings, { seed, runs: RUNS }),
    close: async () => undefined,
  }),
}

/** A value of a setting, by flag or by environment variable. */
interface GivenSetting {
  readonly setting: SettingDescription
  readonly by: 'flag' | 'variable'
  readonly text: string
}

const by = fc.constantFrom('flag' as const, 'variable' as const)

/** Draws a setting, and a text for it. */
const given = (
  settings: readonly SettingDescription[],
  textOf: (setting: SettingDescription) => fc.Arbitrary<string>,
) =>
  fc.oneof(
    ...settings.map((setting) =>
      fc.record({ setting: fc.constant(setting), by, text: textOf(setting).filter(isVariable) }),
    ),
  )

const validSetting = given(SETTINGS, validTextOf)

/** Any text may be a folder or a host. */
const canBeWrong = ({ schema }: SettingDescription): boolean => {
  const { type, pattern, maxLength, enum: values } = schema as JsonSchema
  return type !== 'string' || values !== undefined || pattern !== undefined || maxLength !== undefined
}

const brokenSetting = given(SETTINGS.filter(canBeWrong), brokenTextOf)

const anyText = fc.oneof(hostileText, fc.string(), fc.json())

const anySetting = given(SETTINGS, () => anyText)

/** An empty variable counts as unset, and an environment cannot contain NUL. */
function isVariable(text: string): boolean {
  return text !== '' && !text.includes('\0')
}

export async function settingsRound(load: Loader, effort: Effort): Promise<Round> {
  const tried: Record<string, number> = {}
  const cwd = mkdtempSync(join(tmpdir(), 'taskflow-fuzz-'))
  const counted = <Input>(kind: string, judge: (input: Input) => Promise<Complaint>) => ({
    complaintOf(input: Input) {
      tried[kind] = (tried[kind] ?? 0) + 1
      return judge(input)
    },
  })
  try {
    const failures = [
      await failureOf({
        what: 'valid settings are accepted as given, or refused together by name',
        input: someOf(validSetting),
        show: describeAll,
        ...effort,
        ...counted('valid', (given: GivenSetting[]) => judgeAny(load, cwd, given)),
      }),
      await failureOf({
        what: 'an invalid setting is refused by its name',
        input: fc.tuple(brokenSetting, someOf(validSetting)),
        show: ([wrong, others]: [GivenSetting, GivenSetting[]]) => describeAll([wrong, ...others]),
        ...effort,
        ...counted('one invalid', ([wrong, others]: [GivenSetting, GivenSetting[]]) =>
          judgeWrong(load, cwd, wrong, others),
        ),
      }),
      await failureOf({
        what: 'any text is accepted, or refused with the name of a setting',
        input: someOf(anySetting),
        show: describeAll,
        ...effort,
        ...counted('any text', (given: GivenSetting[]) => judgeAny(load, cwd, given)),
      }),
      await failureOf({
        what: 'any value in the file is accepted unchanged, or refused with the name of its setting',
        input: inFile,
        ...effort,
        runs: Math.min(effort.runs, FILE_RUNS),
        ...counted('in the file', (given: InFile) => judgeFile(load, given)),
      }),
    ]
    return { tried, failures: failures.filter((failure) => failure !== undefined) }
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

/** Draws several settings, none twice from the same source. */
const someOf = (one: fc.Arbitrary<GivenSetting>): fc.Arbitrary<GivenSetting[]> =>
  fc.uniqueArray(one, { selector: ({ setting, by }) => `${by} ${setting.name}`, maxLength: 5 })

const sourceOf = ({ setting, by }: GivenSetting): string => (by === 'flag' ? setting.flag : setting.env)

const describeAll = (given: readonly GivenSetting[]): string =>
  given.map((each) => `${sourceOf(each)}=${JSON.stringify(each.text)}`).join('\n')

function sourcesOf(given: readonly GivenSetting[], cwd: string) {
  const by = (source: GivenSetting['by']) => given.filter((each) => each.by === source)
  return {
    flags: Object.fromEntries(by('flag').map(({ setting, text }) => [setting.name, text])),
    env: Object.fromEntries(by('variable').map(({ setting, text }) => [setting.env, text])),
    cwd,
    warn: () => undefined,
  }
}

/** The effective settings: a flag overrides a variable. */
const effective = (given: readonly GivenSetting[]): GivenSetting[] =>
  given.filter(
    ({ setting, by }) =>
      by === 'flag' || !given.some((each) => each.by === 'flag' && each.setting.name === setting.name),
  )

async function judgeAny(load: Loader, cwd: string, given: readonly GivenSetting[]): Promise<Complaint> {
  const outcome = await load(sourcesOf(given, cwd)).catch((error: unknown) => ({ error }))
  if ('error' in outcome) {
    if (!hasCode(outcome.error, 'SETTINGS_INVALID')) return `throws ${outcome.error}`
    const { message } = outcome.error
    const isNamed = given.some((each) => message.includes(each.setting.env) || message.includes(each.setting.flag))
    return isNamed ? undefined : `names no setting: ${message}`
  }
  for (const { setting, text } of effective(given)) {
    const accepted = outcome[setting.name]
    if (!isDeepStrictEqual(accepted, meant(setting, text)))
      return `accepts ${setting.name} as ${JSON.stringify(accepted)}`
  }
  return undefined
}

/** The value of a text, according to the reference of the settings. */
function meant({ schema }: SettingDescription, text: string): unknown {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
  switch ((schema as JsonSchema).type) {
    case 'integer':
      return Number(text.trim())
    case 'array':
      return items
    case 'object':
      return Object.fromEntries(
        items.map((item) => [item.slice(0, item.indexOf('=')).trim(), item.slice(item.indexOf('=') + 1).trim()]),
      )
    default:
      return text
  }
}

async function judgeWrong(
  load: Loader,
  cwd: string,
  wrong: GivenSetting,
  others: readonly GivenSetting[],
): Promise<Complaint> {
  const beside = others.filter(({ setting }) => setting.name !== wrong.setting.name)
  const error = await load(sourcesOf([wrong, ...beside], cwd)).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error === undefined) return 'is accepted'
  if (!hasCode(error, 'SETTINGS_INVALID')) return `throws ${error}`
  return error.message.includes(`${sourceOf(wrong)} `) ? undefined : `is not named: ${error.message}`
}

interface InFile {
  readonly name: string
  readonly expression: string
}

/** Values of a configuration file that are no text, as expressions. */
const inFile = fc.record({
  name: fc.constantFrom(...SETTINGS.map(({ name }) => name), 'colour', '__proto__x', 'constructor'),
  expression: fc.oneof(
    fc.constantFrom(
      '10n',
      '() => 1',
      'Symbol("x")',
      'new Map()',
      'NaN',
      'Infinity',
      '-0',
      'new Date(0)',
      'null',
      '[undefined]',
      '/x/',
    ),
    fc.constantFrom('(() => { const a = {}; a.a = a; return a })()', 'Object.create(null)', 'Promise.resolve(1)'),
    fc.json(),
  ),
})

async function judgeFile(load: Loader, { name, expression }: InFile): Promise<Complaint> {
  const cwd = mkdtempSync(join(tmpdir(), 'taskflow-fuzz-'))
  try {
    writeFileSync(join(cwd, 'taskflow.config.ts'), `export default { ${JSON.stringify(name)}: ${expression} }`)
    const outcome = await load({ flags: {}, env: {}, cwd, warn: () => undefined }).catch((error: unknown) => ({
      error,
    }))
    if (!('error' in outcome)) return undefined
    if (!hasCode(outcome.error, 'SETTINGS_INVALID')) return `throws ${outcome.error}`
    const { message } = outcome.error
    const variable = SETTINGS.find((each) => each.name === name)?.env ?? name
    return message.includes(name) || message.includes(variable) ? undefined : `names no setting: ${message}`
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

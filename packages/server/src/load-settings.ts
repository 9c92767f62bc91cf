import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import type { TSchema } from '@fastify/type-provider-typebox'
import { mistakeInQueues, mistakeInTypes } from '@taskflow/fleet'
import { TaskFlowError } from '@taskflow/kernel'
import { Value } from 'typebox/value'
import { SETTINGS, type SettingDescription, type SettingName, type Settings } from './config.ts'
import { nearestName } from './nearest-name.ts'
import { contradictionsIn, unusedIn } from './settings-together.ts'

/**
 * Loads the settings. A flag overrides the environment, the environment overrides `taskflow.config.ts`, and the file
 * overrides the default. An invalid value stops the start; the error names all invalid values at once.
 */
const PREFIX = 'TASKFLOW_'
const FILE = 'taskflow.config.ts'

/** Flags of the command line, by setting. Texts are parsed like those of the environment. */
export type Flags = Readonly<Partial<Record<SettingName, unknown>>>

/** Defaults that depend on the machine, so that the reference cannot print them. */
const MACHINE_DEFAULTS: Readonly<Record<string, () => unknown>> = { workerName: hostname }

interface Sources {
  readonly flags: Flags
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder that may contain `taskflow.config.ts`. */
  readonly cwd: string
  /** Called with a sentence for each probable mistake that does not stop the start. */
  readonly warn?: (sentence: string) => void
}

/** @throws SETTINGS_INVALID with a message that names every invalid value */
export async function loadSettings({ flags, env, cwd, warn = warnOnStderr }: Sources): Promise<Settings> {
  for (const sentence of unknownVariables(env)) warn(sentence)
  const file = await readFile(cwd)
  const mistakes = unknownKeys(file)
  const settings: Record<string, unknown> = {}
  for (const setting of SETTINGS) {
    const { source, value } = pick(setting, flags, env, file)
    if (value === undefined) continue
    settings[setting.name] = value
    const wrong = mistakeIn(setting, value)
    if (wrong) mistakes.push(`${source} ${wrong}`)
  }
  if (mistakes.length === 0) mistakes.push(...contradictionsIn(settings as Settings))
  if (mistakes.length > 0)
    throw new TaskFlowError('SETTINGS_INVALID', `${mistakes.join('; ')}`, { details: { mistakes } })
  for (const sentence of unusedIn(settings as Settings)) warn(sentence)
  return settings as Settings
}

const warnOnStderr = (sentence: string): void => void process.stderr.write(`${sentence}\n`)

async function readFile(cwd: string): Promise<Readonly<Record<string, unknown>>> {
  const path = join(cwd, FILE)
  if (!existsSync(path)) return {}
  const { default: exported } = await importFile(path)
  if (isPlainObject(exported)) return exported
  throw new TaskFlowError('SETTINGS_INVALID', `Expected ${FILE} to export an object of settings as its default export`)
}

async function importFile(path: string): Promise<{ default?: unknown }> {
  try {
    return (await import(pathToFileURL(path).href)) as { default?: unknown }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : inspect(cause)
    throw new TaskFlowError('SETTINGS_INVALID', `${FILE} cannot be loaded: ${reason}`, { cause })
  }
}

/** Rejects lists, maps and promises, whose settings would not be found and silently be ignored. */
const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))

function pick({ name, env: variable, flag, default: fallback, schema }: SettingDescription, ...sources: PickFrom) {
  const [flags, env, file] = sources
  if (flags[name] !== undefined) return { source: flag, value: fromText(schema, flags[name]) }
  // Container files express "not set" as an empty variable.
  if (env[variable]) return { source: variable, value: fromText(schema, env[variable]) }
  if (file[name] !== undefined) return { source: `${name} in ${FILE}`, value: file[name] }
  return { source: name, value: fallback ?? MACHINE_DEFAULTS[name]?.() }
}

type PickFrom = [flags: Flags, env: Sources['env'], file: Readonly<Record<string, unknown>>]

/** Parses a text. A text that cannot be parsed stays text, which the schema then rejects. */
function fromText(schema: TSchema, text: unknown): unknown {
  if (typeof text !== 'string') return text
  const { type } = schema as { type?: string }
  if (type === 'integer' && /^-?\d{1,15}$/.test(text.trim())) return Number(text)
  if (type === 'array') return itemsIn(text)
  if (type === 'object') return pairsIn(text) ?? text
  return text
}

const itemsIn = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

function pairsIn(text: string): Record<string, string> | undefined {
  const pairs = itemsIn(text).map((item) => /^([^=]+)=(.*)$/.exec(item))
  const named = new Map(pairs.map((pair) => [pair?.[1]?.trim() ?? '', pair?.[2]?.trim() ?? '']))
  // An item that is not a pair, an empty name or a duplicate name makes the text invalid.
  const isClear = !pairs.includes(null) && !named.has('') && named.size === pairs.length
  return isClear ? Object.fromEntries(named) : undefined
}

/** Rules that the schema cannot express, or whose messages would be unclear. */
const RULES: Readonly<Partial<Record<SettingName, (value: never) => string | undefined>>> = {
  queues: mistakeInQueues,
  types: mistakeInTypes,
  workerLabels: mistakeInLabels,
  databaseUrl: mistakeInUrl,
  databaseReadUrl: mistakeInUrl,
  databaseDirectUrl: mistakeInUrl,
  redisUrl: mistakeInUrl,
  redisLowUrl: mistakeInUrl,
  amqpUrl: mistakeInUrl,
}

const LONGEST_LABEL_NAME = 64

function mistakeInLabels(labels: Readonly<Record<string, string>>): string | undefined {
  const wrong = Object.keys(labels).find((name) => name === '' || name.length > LONGEST_LABEL_NAME)
  return wrong === undefined
    ? undefined
    : `must have names of 1 to ${LONGEST_LABEL_NAME} characters, got ${JSON.stringify(wrong)}`
}

/** Omits the address from the message, because the end of the password in it is unknown. */
function mistakeInUrl(url: string): string | undefined {
  if (URL.canParse(url)) return undefined
  return 'is not a valid address: check its host and port, and write : / @ # ? in a password as %3A %2F %40 %23 %3F'
}

function mistakeIn({ schema, name }: SettingDescription, value: unknown): string | undefined {
  const [error] = Value.Errors(schema, value)
  if (!error) return RULES[name]?.(value as never)
  const rule = ruleOf(schema, value) ?? error.message
  return name === 'adminToken' ? rule : `${rule}, got ${withoutPassword(printed(value))}`
}

/** Prints any value, including those that JSON cannot express: a function, a bigint, a cycle. */
function printed(value: unknown): string {
  try {
    return JSON.stringify(value) ?? inspect(value)
  } catch {
    return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY })
  }
}

/** Removes credentials from an address, even from an invalid one, such as one with a slash or an @ in its password. */
const withoutPassword = (text: string): string => text.replace(/\/\/\S*@/g, '//…@')

/** Returns a rule that is clearer than the message of the schema, if there is one. */
function ruleOf(schema: TSchema, value: unknown): string | undefined {
  const { type, items } = schema as { type?: string; items?: object }
  if (type === 'object' && typeof value === 'string') return 'must be pairs such as zone=eu,gpu=no'
  const { enum: allowed } = (items ?? schema) as { enum?: readonly string[] }
  return allowed && `must be ${Array.isArray(value) ? 'one or more' : 'one'} of ${allowed.join(', ')}`
}

function unknownKeys(file: Readonly<Record<string, unknown>>): string[] {
  const known = SETTINGS.map(({ name }) => name as string)
  const unknown = Object.keys(file).filter((key) => !known.includes(key))
  return unknown.map((key) => `${key} in ${FILE} is not a setting; did you mean ${nearestName(key, known)}?`)
}

// The SDK and the command line read these variables.
const READ_ELSEWHERE = [`${PREFIX}URL`, `${PREFIX}TOKEN`]

function unknownVariables(env: Sources['env']): string[] {
  const known = [...SETTINGS.map((setting) => setting.env), ...READ_ELSEWHERE]
  const unknown = Object.keys(env).filter((key) => key.startsWith(PREFIX) && !known.includes(key))
  return unknown.map((key) => `${key} is not a setting and has no effect; did you mean ${nearestName(key, known)}?`)
}

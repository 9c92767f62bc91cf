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
import { nearestTo } from './nearest-word.ts'
import { contradictionsIn, idleIn } from './settings-together.ts'

/**
 * Reads the settings: flags, then the environment, then `taskflow.config.ts`, then the default. A wrong value stops the
 * start, and all wrong ones are told at once.
 */
const PREFIX = 'TASKFLOW_'
const FILE = 'taskflow.config.ts'

/** As given on the command line, by setting; text is read like that of the environment. */
export type Flags = Readonly<Partial<Record<SettingName, unknown>>>

/** Defaults that this machine gives, which the reference therefore cannot print. */
const OF_THIS_MACHINE: Readonly<Record<string, () => unknown>> = { workerName: hostname }

interface Sources {
  readonly flags: Flags
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder where `taskflow.config.ts` may lie. */
  readonly cwd: string
  /** Told what looks like a mistake but stops nothing. */
  readonly warn?: (sentence: string) => void
}

/** @throws SETTINGS_INVALID, naming every wrong value */
export async function loadSettings({ flags, env, cwd, warn = warnOnStderr }: Sources): Promise<Settings> {
  for (const sentence of strangersIn(env)) warn(sentence)
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
  for (const sentence of idleIn(settings as Settings)) warn(sentence)
  return settings as Settings
}

const warnOnStderr = (sentence: string): void => void process.stderr.write(`${sentence}\n`)

async function readFile(cwd: string): Promise<Readonly<Record<string, unknown>>> {
  const path = join(cwd, FILE)
  if (!existsSync(path)) return {}
  const { default: exported } = await importFile(path)
  if (isPlainObject(exported)) return exported
  throw new TaskFlowError('SETTINGS_INVALID', `Expected ${FILE} to export an object of settings as its default`)
}

async function importFile(path: string): Promise<{ default?: unknown }> {
  try {
    return (await import(pathToFileURL(path).href)) as { default?: unknown }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : inspect(cause)
    throw new TaskFlowError('SETTINGS_INVALID', `${FILE} cannot be loaded: ${reason}`, { cause })
  }
}

/** Of a list, a map or a promise the settings would not be found, and the start would go on without them. */
const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))

function pick({ name, env: variable, flag, default: fallback, schema }: SettingDescription, ...sources: PickFrom) {
  const [flags, env, file] = sources
  if (flags[name] !== undefined) return { source: flag, value: fromText(schema, flags[name]) }
  // An empty variable is how a container file says "not set".
  if (env[variable]) return { source: variable, value: fromText(schema, env[variable]) }
  if (file[name] !== undefined) return { source: `${name} in ${FILE}`, value: file[name] }
  return { source: name, value: fallback ?? OF_THIS_MACHINE[name]?.() }
}

type PickFrom = [flags: Flags, env: Sources['env'], file: Readonly<Record<string, unknown>>]

/** What cannot be read stays text, which the schema then refuses. */
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
  // One that is no pair, a name of blanks, or one that is there twice and would have to be guessed.
  const isClear = !pairs.includes(null) && !named.has('') && named.size === pairs.length
  return isClear ? Object.fromEntries(named) : undefined
}

/** Rules that the schema cannot say, or not in words. */
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

/** Told without the address, of which nobody knows where its password ends. */
function mistakeInUrl(url: string): string | undefined {
  if (URL.canParse(url)) return undefined
  return 'is no address that can be read: look at its host and port, and write : / @ # ? of a password as %3A %2F %40 %23 %3F'
}

function mistakeIn({ schema, name }: SettingDescription, value: unknown): string | undefined {
  const [error] = Value.Errors(schema, value)
  if (!error) return RULES[name]?.(value as never)
  const rule = ruleOf(schema, value) ?? error.message
  return name === 'adminToken' ? rule : `${rule}, got ${withoutPassword(told(value))}`
}

/** A file may give what JSON has no words for: a function, a bigint, something that holds itself. */
function told(value: unknown): string {
  try {
    return JSON.stringify(value) ?? inspect(value)
  } catch {
    return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY })
  }
}

/** Addresses carry credentials, also those that are wrong otherwise: by a slash or an @ in the password itself, say. */
const withoutPassword = (text: string): string => text.replace(/\/\/\S*@/g, '//…@')

/** What a person understands better than the words of the schema. */
function ruleOf(schema: TSchema, value: unknown): string | undefined {
  const { type, items } = schema as { type?: string; items?: object }
  if (type === 'object' && typeof value === 'string') return 'must be pairs as zone=eu,gpu=no'
  const { enum: allowed } = (items ?? schema) as { enum?: readonly string[] }
  return allowed && `must be ${Array.isArray(value) ? 'some' : 'one'} of ${allowed.join(', ')}`
}

function unknownKeys(file: Readonly<Record<string, unknown>>): string[] {
  const known = SETTINGS.map(({ name }) => name as string)
  const strangers = Object.keys(file).filter((key) => !known.includes(key))
  return strangers.map((key) => `${key} in ${FILE} is no setting; did you mean ${nearestTo(key, known)}?`)
}

// Those that the client and the command line read.
const READ_ELSEWHERE = [`${PREFIX}URL`, `${PREFIX}TOKEN`]

function strangersIn(env: Sources['env']): string[] {
  const known = [...SETTINGS.map((setting) => setting.env), ...READ_ELSEWHERE]
  const strangers = Object.keys(env).filter((key) => key.startsWith(PREFIX) && !known.includes(key))
  return strangers.map((key) => `${key} is no setting and has no effect; did you mean ${nearestTo(key, known)}?`)
}

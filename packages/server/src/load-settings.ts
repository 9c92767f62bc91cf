import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { TSchema } from '@fastify/type-provider-typebox'
import { mistakeInQueues, mistakeInTypes, TaskFlowError } from '@taskflow/core'
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
  for (const sentence of idleIn(settings as Settings)) warn(sentence)
  if (mistakes.length > 0)
    throw new TaskFlowError('SETTINGS_INVALID', `${mistakes.join('; ')}`, { details: { mistakes } })
  return settings as Settings
}

const warnOnStderr = (sentence: string): void => void process.stderr.write(`${sentence}\n`)

async function readFile(cwd: string): Promise<Readonly<Record<string, unknown>>> {
  const path = join(cwd, FILE)
  if (!existsSync(path)) return {}
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown }
  if (module.default !== null && typeof module.default === 'object') return module.default as Record<string, unknown>
  throw new TaskFlowError('SETTINGS_INVALID', `Expected ${FILE} to export an object of settings as its default`)
}

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
  return pairs.includes(null) ? undefined : Object.fromEntries(pairs.map((pair) => pair?.slice(1) ?? []))
}

/** Rules that the schema cannot say, or not in words. */
const RULES: Readonly<Record<string, (value: string[]) => string | undefined>> = {
  queues: mistakeInQueues,
  types: mistakeInTypes,
}

function mistakeIn({ schema, name }: SettingDescription, value: unknown): string | undefined {
  const [error] = Value.Errors(schema, value)
  if (!error) return RULES[name]?.(value as string[])
  const rule = ruleOf(schema, value) ?? error.message
  return name === 'adminToken' ? rule : `${rule}, got ${withoutPassword(JSON.stringify(value))}`
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

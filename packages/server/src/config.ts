import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Static, type TSchema, Type } from '@fastify/type-provider-typebox'
import { mistakeInQueues, mistakeInTypes, TaskFlowError } from '@taskflow/core'
import { Value } from 'typebox/value'
import { contradictionsIn, idleIn, variableOf } from './settings-together.ts'

/**
 * The settings of a process: flags, then the environment, then `taskflow.config.ts`,
 * then the default. All are known by this one schema; `--help` and the reference are
 * made from it. A wrong value stops the start, and all wrong ones are told at once.
 */
const DAY_MS = 86_400_000

const words = (options: { description: string; default?: string[] }) =>
  Type.Array(Type.String({ minLength: 1 }), { minItems: 1, ...options })

const SCHEMA = {
  port: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 8080,
    description: 'Port of the API; 0 for any free one',
  }),
  host: Type.String({
    minLength: 1,
    default: '127.0.0.1',
    description: 'Address the API listens on; 0.0.0.0 for all, say in a container',
  }),
  healthPort: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65_535,
      description:
        'Port of health, readiness and metrics, for a process without role `api`; 0 for any free one; none where absent',
    }),
  ),
  roles: Type.Array(Type.Enum(['api', 'worker', 'coordinator']), {
    minItems: 1,
    default: ['api', 'worker', 'coordinator'],
    description: 'What this process does',
  }),
  dataDir: Type.String({
    minLength: 1,
    default: '.taskflow',
    description: 'Folder of the embedded database; only one process may have it open',
  }),
  databaseUrl: Type.Optional(
    Type.String({ pattern: '^postgres(ql)?://.', description: 'A PostgreSQL; the embedded one is used where absent' }),
  ),
  databaseSchema: Type.Optional(
    Type.String({ pattern: '^[a-z_][a-z0-9_]{0,62}$', description: 'Schema of the tables in that PostgreSQL' }),
  ),
  databaseReadUrl: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://.',
      description: 'A replica of that PostgreSQL, for lists and histories: what they show may be a moment old',
    }),
  ),
  databaseDirectUrl: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://.',
      description:
        'The same PostgreSQL without a pooler between, to listen for wake-ups; where absent behind a pooler, they are polled for',
    }),
  ),
  databaseWaitMs: Type.Integer({
    minimum: 0,
    maximum: DAY_MS,
    default: 60_000,
    description: 'How long a start waits for its database to answer',
  }),
  broker: Type.Enum(['postgres', 'redis', 'rabbitmq'], {
    default: 'postgres',
    description: 'What carries word of ready tasks to the workers; the tasks themselves are always in PostgreSQL',
  }),
  redisUrl: Type.Optional(
    Type.String({
      pattern: '^rediss?://.',
      description: 'The Redis of broker `redis`: one server, or one node of a cluster',
    }),
  ),
  redisLowUrl: Type.Optional(
    Type.String({
      pattern: '^rediss?://.',
      description: 'A second Redis, for tasks of priority normal and low; the first then carries critical and high',
    }),
  ),
  amqpUrl: Type.Optional(Type.String({ pattern: '^amqps?://.', description: 'The RabbitMQ of broker `rabbitmq`' })),
  adminToken: Type.Optional(
    Type.String({ pattern: '^[\\x21-\\x7e]+$', description: 'An API key of an administrator that is not stored' }),
  ),
  logLevel: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    description: 'The least level that is logged',
  }),
  tasks: Type.String({
    minLength: 1,
    default: 'tasks',
    description: 'Folder of the task modules that the worker runs',
  }),
  concurrency: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 10,
    description: 'Slots of the worker: how many attempts it runs at once',
  }),
  queues: words({
    description:
      'Queues that the worker takes from. With weights (`default=3,mail`, from 1 to 1000) the first of them is drawn ' +
      'for each take, so that a full queue starves no other',
    default: ['default'],
  }),
  types: Type.Optional(
    words({
      description:
        'Task types that the worker takes, of those that its modules define: names, or beginnings as `report.*`; ' +
        'all where absent',
    }),
  ),
  workerName: Type.String({
    minLength: 1,
    maxLength: 128,
    description: 'Name of the worker in lists; the host name where absent',
  }),
  workerLabels: Type.Optional(
    Type.Record(Type.String({ minLength: 1, maxLength: 64 }), Type.String({ maxLength: 256 }), {
      maxProperties: 64,
      description: 'What the worker says of itself in lists, as `zone=eu,gpu=no`',
    }),
  ),
  drainMs: Type.Integer({
    minimum: 0,
    maximum: DAY_MS,
    default: 10_000,
    description: 'How long a stop lets running attempts go on before it hands them back',
  }),
  maxPayloadBytes: Type.Integer({
    minimum: 1_024,
    maximum: 16_777_216,
    default: 1_048_576,
    description: 'Largest payload of a task, as JSON',
  }),
  retentionMs: Type.Integer({
    minimum: 0,
    maximum: 3_650 * DAY_MS,
    default: 7 * DAY_MS,
    description: 'How long finished tasks are kept that do not say so themselves',
  }),
}

/** Defaults that this machine gives, which the reference therefore cannot print. */
const OF_THIS_MACHINE: Readonly<Record<string, () => unknown>> = { workerName: hostname }

const Settings = Type.Object(SCHEMA)

export type Settings = Static<typeof Settings>

export type SettingName = keyof typeof SCHEMA

/** As given on the command line, by setting; text is read like that of the environment. */
export type Flags = Readonly<Partial<Record<SettingName, unknown>>>

export interface SettingDescription {
  readonly name: SettingName
  readonly env: string
  readonly flag: string
  readonly description: string
  readonly default: unknown
  readonly schema: TSchema
}

const PREFIX = 'TASKFLOW_'

/** Every setting there is, for `--help` and the reference. */
export const SETTINGS: readonly SettingDescription[] = Object.entries(SCHEMA).map(([name, schema]) => {
  const { description, default: fallback } = schema as TSchema as { description: string; default?: unknown }
  return {
    name: name as SettingName,
    env: variableOf(name),
    flag: `--${name.replace(/[A-Z]/g, '-$&').toLowerCase()}`,
    description,
    default: fallback,
    schema,
  }
})

const FILE = 'taskflow.config.ts'

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

function nearestTo(word: string, known: readonly string[]): string {
  const [nearest = ''] = known.toSorted((a, b) => distance(word, a) - distance(word, b))
  return nearest
}

/** Levenshtein's: letters to add, drop or change. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1]
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] ?? 0) + (letter === to[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}

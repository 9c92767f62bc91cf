import { type Static, type TSchema, Type } from '@fastify/type-provider-typebox'
import { TASKS_SETTINGS } from '@taskflow/tasks/settings'
import { variableOf } from './variable-of.ts'

/**
 * The settings of a process. All are known by this one schema; `--help` and the reference are made from it, and
 * load-settings.ts reads them by it.
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
    Type.Record(Type.String(), Type.String({ maxLength: 256 }), {
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
  ...TASKS_SETTINGS,
}

const Settings = Type.Object(SCHEMA)

export type Settings = Static<typeof Settings>

export type SettingName = keyof typeof SCHEMA

export interface SettingDescription {
  readonly name: SettingName
  readonly env: string
  readonly flag: string
  readonly description: string
  readonly default: unknown
  readonly schema: TSchema
}

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

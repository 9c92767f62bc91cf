import { type Static, type TSchema, Type } from '@fastify/type-provider-typebox'
import { ROOMS, type RoomSettings, sumOf } from '@taskflow/rooms'
import { variableOf } from './variable-of.ts'

/**
 * The settings of a process, in one schema. `--help`, the reference and load-settings.ts use this schema.
 */
const DAY_MS = 86_400_000

const textList = (options: { description: string; default?: string[] }) =>
  Type.Array(Type.String({ minLength: 1 }), { minItems: 1, ...options })

const SERVER_SETTINGS = {
  port: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 8080,
    description: 'Port of the API; 0 for any free port',
  }),
  host: Type.String({
    minLength: 1,
    default: '127.0.0.1',
    description: 'Address that the API listens on; 0.0.0.0 for all addresses, as in a container',
  }),
  healthPort: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65_535,
      description:
        'Port of health, readiness and metrics, for a process without the role `api`; 0 for any free port. ' +
        'If absent, the process listens on no port',
    }),
  ),
  roles: Type.Array(Type.Enum(['api', 'worker', 'coordinator']), {
    minItems: 1,
    default: ['api', 'worker', 'coordinator'],
    description: 'Roles of this process: any of `api`, `worker` and `coordinator`',
  }),
  dataDir: Type.String({
    minLength: 1,
    default: '.taskflow',
    description: 'Folder of the embedded database; only one process may open it',
  }),
  databaseUrl: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://.',
      description: 'Address of PostgreSQL. If absent, the process uses the embedded database',
    }),
  ),
  databaseSchema: Type.Optional(
    Type.String({ pattern: '^[a-z_][a-z0-9_]{0,62}$', description: 'Schema of the tables in PostgreSQL' }),
  ),
  databaseReadUrl: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://.',
      description: 'Address of a replica of PostgreSQL for lists and histories, which may then be slightly outdated',
    }),
  ),
  databaseDirectUrl: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://.',
      description:
        'Address of the same PostgreSQL without a pooler, to receive wake-ups. If absent behind a pooler, ' +
        'the process finds changes only by polling',
    }),
  ),
  databaseWaitMs: Type.Integer({
    minimum: 0,
    maximum: DAY_MS,
    default: 60_000,
    description: 'Time that a start waits for its database to answer, in milliseconds',
  }),
  broker: Type.Enum(['postgres', 'redis', 'rabbitmq'], {
    default: 'postgres',
    description:
      'Broker that carries dispatches to the workers: `postgres`, `redis` or `rabbitmq`; the tasks themselves are always in PostgreSQL',
  }),
  redisUrl: Type.Optional(
    Type.String({
      pattern: '^rediss?://.',
      description: 'Address of Redis for the broker `redis`: a server, or a node of a cluster',
    }),
  ),
  redisLowUrl: Type.Optional(
    Type.String({
      pattern: '^rediss?://.',
      description:
        'Address of a second Redis for the priorities normal and low; the first then carries critical and high',
    }),
  ),
  amqpUrl: Type.Optional(
    Type.String({ pattern: '^amqps?://.', description: 'Address of RabbitMQ for the broker `rabbitmq`' }),
  ),
  adminToken: Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]+$',
      description: 'API key of an administrator that is not stored in the database',
    }),
  ),
  logLevel: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    description: 'Lowest level that is logged',
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
    description: 'Number of slots of the worker: attempts that it runs at once',
  }),
  queues: textList({
    description:
      'Queues that the worker serves. With weights from 1 to 1000 (`default=3,mail`), each fetch draws at random ' +
      'the queue that comes first, so that a full queue cannot starve the others',
    default: ['default'],
  }),
  types: Type.Optional(
    textList({
      description:
        'Task types that the worker takes, of those that its modules define: names, or prefixes such as `report.*`. ' +
        'All by default',
    }),
  ),
  workerName: Type.String({
    minLength: 1,
    maxLength: 128,
    description: 'Name of the worker in lists',
  }),
  workerLabels: Type.Optional(
    Type.Record(Type.String(), Type.String({ maxLength: 256 }), {
      maxProperties: 64,
      description: 'Labels of the worker in lists, such as `zone=eu,gpu=no`',
    }),
  ),
  stopDelayMs: Type.Integer({
    minimum: 0,
    maximum: 600_000,
    default: 0,
    description:
      'Time that a stop of the API continues to take requests while `/ready` replies 503, so that a balancer notices, ' +
      'in milliseconds; 5000 on Kubernetes',
  }),
  drainMs: Type.Integer({
    minimum: 0,
    maximum: DAY_MS,
    default: 10_000,
    description: 'Time that a stop lets running attempts continue before it releases their tasks, in milliseconds',
  }),
}

/** The settings of the process and of all rooms. */
const SCHEMA = sumOf<TSchema>('setting', [
  ['packages/server', SERVER_SETTINGS],
  ...ROOMS.map(({ name, settings }) => [`room ${name}`, settings] as const),
]) as typeof SERVER_SETTINGS & RoomSettings

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

/** Every setting, for `--help` and the reference. */
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

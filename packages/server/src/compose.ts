import { EventEmitter } from 'node:events'
import { fallbackBroker, postgresBroker } from '@taskflow/brokers'
import type { Database } from '@taskflow/database'
import {
  databaseWakeups,
  guardedDatabase,
  migrator,
  pgliteDatabase,
  postgresDatabase,
  replicaDatabase,
  waitForDatabase,
} from '@taskflow/database'
import { type Administrator, ensureAdministrator } from '@taskflow/identity'
import {
  type Clock,
  type Events,
  hasCode,
  leaseElector,
  type Service,
  soleElector,
  systemClock,
  TaskFlowError,
  type TaskFlowEvents,
  uuidV7Ids,
  type Wakeups,
} from '@taskflow/kernel'
import { openStorage } from '@taskflow/rooms'
import { allMigrations } from '@taskflow/rooms/migrations'
import { type Broker, publisher } from '@taskflow/tasks'
import { machineChannels, worker } from '@taskflow/worker'
import type { Logger } from 'pino'
import type { Settings } from './config.ts'
import { coordinator } from './coordinator/coordinator.ts'
import { type DataDir, openDataDir } from './data-dir.ts'
import { endInStages } from './end-in-stages.ts'
import { logEvents } from './telemetry/log-events.ts'
import { metricsOf } from './telemetry/metrics.ts'
import { VERSION } from './version.ts'

const PROJECT = 'default'

/** A whole TaskFlow process, ready to start. */
export interface TaskFlowProcess extends Service {
  readonly administrator: Administrator
  /** Where the API listens, once started; undefined without that role. */
  readonly url: string | undefined
  /** Where health and metrics are, in a process without that role that was given a port for them. */
  readonly healthUrl: string | undefined
  /** The task types that workers have announced. */
  listTypes(): Promise<string[]>
}

/**
 * Puts the process together: the only place that knows concrete classes. Opens and
 * migrates the database, so that what it returns can start at once.
 */
export async function compose(settings: Settings, log: Logger): Promise<TaskFlowProcess> {
  const dataDir = settings.databaseUrl === undefined ? openDataDir(settings.dataDir) : undefined
  try {
    // The API's code is loaded while the database opens: each takes the better part of a second.
    const [db, api] = await Promise.all([
      openDatabase(settings, dataDir, log),
      settings.roles.includes('api') ? import('./api-server.ts') : undefined,
    ])
    return await composeOver(db, api, dataDir, settings, log).catch(async (error: unknown) => {
      await db.close()
      throw error
    })
  } catch (error) {
    dataDir?.release()
    throw error
  }
}

/** Opens what the settings name: a PostgreSQL, or the data folder's own. */
export function openDatabase(
  settings: Settings,
  dataDir: DataDir | undefined,
  log: Logger,
): Promise<Database> | Database {
  if (dataDir) return pgliteDatabase({ dataDir: dataDir.databaseDir })
  const { databaseUrl = '', databaseDirectUrl } = settings
  return openPostgres(databaseUrl, settings, log, databaseDirectUrl)
}

function openPostgres(url: string, { databaseSchema }: Settings, log: Logger, directUrl?: string): Database {
  return postgresDatabase({
    url,
    ...(directUrl !== undefined && { directUrl }),
    ...(databaseSchema !== undefined && { schema: databaseSchema }),
    onError: (error) => log.debug({ err: error }, 'A database connection broke'),
    onNotice: (sentence) => log.warn(sentence),
  })
}

/** The replica that lists are read from, if there is one. */
function openReplica(primary: Database, settings: Settings, log: Logger, events: Events): Database | undefined {
  const { databaseReadUrl } = settings
  if (databaseReadUrl === undefined) return undefined
  return replicaDatabase({ primary, replica: openPostgres(databaseReadUrl, settings, log), clock: systemClock, events })
}

interface BrokerDeps {
  readonly wakeups: Wakeups
  readonly clock: Clock
  readonly events: Events
}

/** The broker that the settings name, with the database behind it. Only its own client library is loaded. */
async function openBroker(settings: Settings, { wakeups, clock, events }: BrokerDeps): Promise<Broker> {
  const database = postgresBroker({ wakeups, clock })
  if (settings.broker === 'postgres') return database
  return fallbackBroker({ primary: await openPrimary(settings, clock), fallback: database, clock, events })
}

async function openPrimary(settings: Settings, clock: Clock): Promise<Broker> {
  const { redisUrl = '', redisLowUrl, amqpUrl = '' } = settings
  if (settings.broker === 'rabbitmq') {
    const { rabbitmqBroker } = await import('@taskflow/brokers/rabbitmq')
    return rabbitmqBroker({ url: amqpUrl, clock })
  }
  const { redisBroker } = await import('@taskflow/brokers/redis')
  return redisBroker({ url: redisUrl, ...(redisLowUrl !== undefined && { lowUrl: redisLowUrl }), clock })
}

/** Loaded for who has a port for it: the HTTP framework comes with it. */
async function openHealth(deps: Parameters<typeof import('./health-server.ts')['healthServer']>[0]) {
  const { healthServer } = await import('./health-server.ts')
  return healthServer(deps)
}

async function composeOver(
  opened: Database,
  apiCode: typeof import('./api-server.ts') | undefined,
  dataDir: DataDir | undefined,
  settings: Settings,
  log: Logger,
): Promise<TaskFlowProcess> {
  const clock = systemClock
  const random = Math.random
  const events = new EventEmitter<TaskFlowEvents>()
  const ids = uuidV7Ids(clock, random)
  await bringUp(opened, settings, log).catch((error: unknown) => explainAway(error, settings))
  const db = dataDir ? opened : guardedDatabase(opened, { clock, events })
  const readDb = openReplica(db, settings, log, events)
  const wakeups = databaseWakeups(db)
  const broker = await openBroker(settings, { wakeups, clock, events })
  // The database keeps its own line, and its statements tell of what is new in it.
  const publishing = broker.name === 'postgres' ? undefined : publisher({ broker, clock, events })
  const storage = openStorage({
    db,
    ...(readDb && { readDb }),
    events,
    retentionMs: settings.retentionMs,
    ...(publishing && { onQueued: publishing.publish }),
  })
  const shared = { storage, broker, wakeups, clock, ids, random, events, log }
  logEvents(events, log)

  // Only one process can have the folder open, so whoever had it before is dead.
  if (dataDir) await storage.markWorkersLost(await storage.listSilentWorkers(0))
  const has = (role: Settings['roles'][number]): boolean => settings.roles.includes(role)
  // The key is shown once, where somebody signs in.
  const administrator = has('api')
    ? await ensureAdministrator({ storage, ids, keyFile: dataDir?.adminKeyFile })
    : { secret: undefined, isNew: false }
  const { host, port, healthPort, adminToken } = settings
  const working = has('worker')
    ? worker({ ...shared, channels: machineChannels, settings: workerSettings(settings) })
    : undefined
  const told = {
    ...shared,
    settings,
    adminToken,
    host,
    metrics: metricsOf(events, { ...(publishing && { broker: broker.name }), databases: databasesOf(settings) }),
    ...(publishing && { pingBroker: () => broker.ping() }),
    ...(working && { workerHealth: () => working.health }),
  }
  const api = apiCode?.apiServer({ ...told, port })
  const health = healthPort === undefined ? undefined : await openHealth({ ...told, port: healthPort })
  const elector = dataDir ? soleElector() : leaseElector(shared)
  const doors: Service[] = [...(api ? [api] : []), ...(health ? [health] : [])]
  const workforce: Service[] = [
    ...(working ? [working] : []),
    ...(has('coordinator') ? [coordinator({ ...shared, elector })] : []),
  ]
  const stopOf = (service: Service) => () => service.stop()

  return {
    name: 'taskflow',
    administrator,
    get url() {
      return api?.url
    },
    get healthUrl() {
      return health?.url
    },
    async listTypes() {
      return (await storage.listTaskTypes(PROJECT)).map(({ type }) => type)
    },
    async start() {
      for (const service of [...doors, ...workforce]) await service.start()
    },
    stop: () =>
      endInStages(
        // At once, so that a standby leads soon and the worker has all of its time. While it drains, callers can still
        // see their tasks.
        workforce.map(stopOf),
        doors.map(stopOf),
        [() => publishing?.stop()],
        [() => broker.close()],
        [() => (readDb ?? db).close()],
        [() => dataDir?.release()],
      ),
  }
}

/** Waits until the database is there, and migrates it. */
async function bringUp(db: Database, { databaseUrl, databaseWaitMs }: Settings, log: Logger): Promise<void> {
  if (databaseUrl !== undefined) {
    const onWait = (sentence: string): void => log.warn(sentence)
    await waitForDatabase(db, { url: databaseUrl, waitMs: databaseWaitMs, clock: systemClock, onWait })
  }
  await migrator(db, allMigrations()).up()
}

/** What an operator is to do, by what PostgreSQL says: SQLSTATE, or the driver's own words. */
const REFUSALS: readonly (readonly [said: RegExp, sentence: string])[] = [
  [/^28/, 'refuses to let TaskFlow in (REASON): check user and password in TASKFLOW_DATABASE_URL'],
  [/^3D/, 'has no such database (REASON): create it, or mend TASKFLOW_DATABASE_URL'],
  [/client password must be a string/, 'wants a password, and TASKFLOW_DATABASE_URL has none'],
]

/** Who starts the process may know where its database should be; callers of the API may not. */
function explainAway(error: unknown, { databaseUrl }: Settings): never {
  const { code, message } = error as { code?: unknown; message?: string }
  const refusal = REFUSALS.find(([said]) => said.test(String(code)) || said.test(message ?? ''))
  const isAway = hasCode(error, 'DATABASE_UNAVAILABLE')
  if (databaseUrl === undefined || !(refusal || isAway)) throw error
  const { message: reason } = (isAway ? ((error as Error).cause ?? error) : error) as Error
  const sentence = refusal?.[1] ?? 'does not answer (REASON): start it, or mend TASKFLOW_DATABASE_URL'
  throw new TaskFlowError(
    'DATABASE_UNAVAILABLE',
    `PostgreSQL at ${new URL(databaseUrl).host} ${sentence.replace('REASON', () => reason)}`,
    { cause: error },
  )
}

const databasesOf = ({ databaseReadUrl }: Settings) =>
  databaseReadUrl === undefined ? (['primary'] as const) : (['primary', 'replica'] as const)

function workerSettings(settings: Settings) {
  return {
    project: PROJECT,
    name: settings.workerName,
    version: VERSION,
    labels: settings.workerLabels ?? {},
    queues: settings.queues,
    types: settings.types,
    slots: settings.concurrency,
    tasks: settings.tasks,
    drainMs: settings.drainMs,
  }
}

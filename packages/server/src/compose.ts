import { EventEmitter } from 'node:events'
import { postgresBroker } from '@taskflow/brokers'
import { type Database, hasCode, type Service, TaskFlowError, type TaskFlowEvents, uuidV7Ids } from '@taskflow/core'
import { databaseWakeups, migrator, openStorage, pgliteDatabase, postgresDatabase } from '@taskflow/storage'
import { worker } from '@taskflow/worker'
import type { Logger } from 'pino'
import { type Administrator, ensureAdministrator } from './administrator.ts'
import type { Settings } from './config.ts'
import { coordinator } from './coordinator/coordinator.ts'
import { soleElector } from './coordinator/elector.ts'
import { type DataDir, openDataDir } from './data-dir.ts'
import { systemClock } from './system-clock.ts'
import { logEvents } from './telemetry/log-events.ts'
import { metricsOf } from './telemetry/metrics.ts'
import { VERSION } from './version.ts'

const PROJECT = 'default'

/** A whole TaskFlow process, ready to start. */
export interface TaskFlowProcess extends Service {
  readonly administrator: Administrator
  /** Where the API listens, once started; undefined without that role. */
  readonly url: string | undefined
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
  const { databaseUrl = '', databaseSchema } = settings
  return postgresDatabase({
    url: databaseUrl,
    ...(databaseSchema !== undefined && { schema: databaseSchema }),
    onError: (error) => log.debug({ err: error }, 'A database connection broke'),
  })
}

async function composeOver(
  db: Database,
  apiCode: typeof import('./api-server.ts') | undefined,
  dataDir: DataDir | undefined,
  settings: Settings,
  log: Logger,
): Promise<TaskFlowProcess> {
  await migrator(db)
    .up()
    .catch((error: unknown) => explainAway(error, settings))
  const clock = systemClock
  const random = Math.random
  const events = new EventEmitter<TaskFlowEvents>()
  const ids = uuidV7Ids(clock, random)
  const storage = openStorage({ db, events, retentionMs: settings.retentionMs })
  const wakeups = databaseWakeups(db)
  const shared = { storage, wakeups, clock, ids, random, events, log }
  logEvents(events, log)

  // Only one process can have the folder open, so whoever had it before is dead.
  if (dataDir) await storage.buryWorkers(await storage.listSilentWorkers(0))
  const administrator = await ensureAdministrator({ storage, ids, keyFile: dataDir?.adminKeyFile })

  const has = (role: Settings['roles'][number]): boolean => settings.roles.includes(role)
  const { host, port, adminToken } = settings
  const api = apiCode?.apiServer({ ...shared, metrics: metricsOf(events), settings, adminToken, host, port })
  const services: Service[] = [
    ...(api ? [api] : []),
    ...(has('coordinator') ? [coordinator({ ...shared, elector: soleElector() })] : []),
    ...(has('worker')
      ? [worker({ ...shared, broker: postgresBroker({ wakeups, clock }), settings: workerSettings(settings) })]
      : []),
  ]

  return {
    name: 'taskflow',
    administrator,
    get url() {
      return api?.url
    },
    async listTypes() {
      return (await storage.listTaskTypes(PROJECT)).map(({ type }) => type)
    },
    async start() {
      for (const service of services) await service.start()
    },
    async stop() {
      try {
        // The worker first: while it drains, callers can still see their tasks.
        for (const service of services.toReversed()) await service.stop()
      } finally {
        await db.close()
        dataDir?.release()
      }
    },
  }
}

// SQLSTATE classes: wrong role or password, no such database.
const REFUSED = /^(28|3D)/

/** Who starts the process may know where its database should be; callers of the API may not. */
function explainAway(error: unknown, { databaseUrl }: Settings): never {
  const isRefused = REFUSED.test(String((error as { code?: unknown }).code))
  if (databaseUrl === undefined || !(isRefused || hasCode(error, 'DATABASE_UNAVAILABLE'))) throw error
  const { message: reason } = (isRefused ? error : ((error as Error).cause ?? error)) as Error
  throw new TaskFlowError(
    'DATABASE_UNAVAILABLE',
    `PostgreSQL at ${new URL(databaseUrl).host} does not answer (${reason}): start it, or mend TASKFLOW_DATABASE_URL`,
    { cause: error },
  )
}

function workerSettings(settings: Settings) {
  return {
    project: PROJECT,
    name: settings.workerName,
    version: VERSION,
    labels: {},
    queues: settings.queues,
    slots: settings.concurrency,
    tasks: settings.tasks,
    drainMs: settings.drainMs,
  }
}

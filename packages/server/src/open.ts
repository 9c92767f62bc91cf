import {
  type Database,
  migrator,
  ownsSchema,
  pgliteDatabase,
  postgresDatabase,
  waitForDatabase,
} from '@taskflow/database'
import { type Clock, systemClock } from '@taskflow/kernel'
import { allMigrations } from '@taskflow/rooms/migrations'
import type { Broker } from '@taskflow/tasks'
import { machineChannels } from '@taskflow/worker'
import type { Logger } from 'pino'
import type { Settings } from './config.ts'
import { adminKeyFileIn, openDataDir } from './data-dir/data-dir.ts'
import { explainDatabase } from './explain-database.ts'
import { loadHttpServer } from './load-http-server.ts'
import type { ProcessPorts } from './process-ports.ts'
import { v8Heap } from './v8-heap.ts'

/**
 * Opens what the settings name: the only place that knows concrete databases, brokers and servers. Waits for the
 * database and migrates it.
 *
 * @throws DATABASE_UNAVAILABLE or DATABASE_UNSUITABLE with what the operator can do, DATA_DIR_IN_USE, DATA_DIR_UNUSABLE
 */
export async function open(settings: Settings, log: Logger): Promise<ProcessPorts> {
  // The code of the HTTP server loads while the database opens: each takes the better part of a second.
  const loading = loadHttpServer(settings, log)
  // If the database fails first, nobody awaits the other failure.
  loading.catch(() => {})
  const database = await openMigrated(settings, log)
  const clock = systemClock
  let replica: Database | undefined
  try {
    const httpServer = await loading
    replica = openReplica(settings, log)
    return {
      clock,
      random: Math.random,
      log,
      database,
      dataDir: settings.databaseUrl === undefined ? { adminKeyFile: adminKeyFileIn(settings.dataDir) } : undefined,
      replica,
      broker: await openBroker(settings, clock),
      channels: machineChannels,
      httpServer,
      heap: v8Heap(),
    }
  } catch (error) {
    await Promise.allSettled([replica?.close(), database.close()])
    throw error
  }
}

/** Opens the database that the settings name: a PostgreSQL, or the one embedded in the data folder. */
export async function openDatabase(settings: Settings, log: Logger): Promise<Database> {
  const { databaseUrl, databaseDirectUrl } = settings
  if (databaseUrl === undefined) return openEmbedded(settings.dataDir)
  return openPostgres(databaseUrl, settings, log, databaseDirectUrl)
}

/** Closing the database releases its folder. */
async function openEmbedded(dir: string): Promise<Database> {
  const { openDatabase, release } = openDataDir(dir)
  try {
    const database = await openDatabase((dataDir) => pgliteDatabase({ dataDir }))
    return { ...database, close: () => database.close().finally(release) }
  } catch (error) {
    release()
    throw error
  }
}

async function openMigrated(settings: Settings, log: Logger): Promise<Database> {
  const database = await openDatabase(settings, log)
  const { databaseUrl, databaseWaitMs } = settings
  try {
    if (databaseUrl !== undefined) {
      const onWait = (sentence: string): void => log.warn(sentence)
      await waitForDatabase(database, { url: databaseUrl, waitMs: databaseWaitMs, clock: systemClock, onWait })
    }
    await migrator(database, allMigrations()).up()
    await warnIfNotOwner(database, settings, log)
    return database
  } catch (error) {
    await database.close()
    throw explainDatabase(error, databaseUrl)
  }
}

/** Only the owner of a partitioned table can create and drop its partitions. */
async function warnIfNotOwner(database: Database, { roles }: Settings, log: Logger): Promise<void> {
  if (!roles.includes('coordinator') || (await ownsSchema(database))) return
  log.warn(
    'The role of TASKFLOW_DATABASE_URL does not own the tables, so the coordinator cannot create and drop the ' +
      'partitions of finished tasks: run processes of role coordinator as the owner, or grant its role to this one',
  )
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

function openReplica(settings: Settings, log: Logger): Database | undefined {
  const { databaseReadUrl } = settings
  return databaseReadUrl === undefined ? undefined : openPostgres(databaseReadUrl, settings, log)
}

/** Loads the client library of the chosen broker, and no other. */
async function openBroker({ broker, ...settings }: Settings, clock: Clock): Promise<Broker | undefined> {
  const { redisUrl = '', redisLowUrl, amqpUrl = '' } = settings
  switch (broker) {
    case 'postgres':
      return undefined
    case 'redis': {
      const { redisBroker } = await import('@taskflow/brokers/redis')
      return redisBroker({ url: redisUrl, ...(redisLowUrl !== undefined && { lowUrl: redisLowUrl }), clock })
    }
    case 'rabbitmq': {
      const { rabbitmqBroker } = await import('@taskflow/brokers/rabbitmq')
      return rabbitmqBroker({ url: amqpUrl, clock })
    }
  }
}

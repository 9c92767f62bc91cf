import { EventEmitter } from 'node:events'
import { CLOCK_SET_BACK_MS, databaseClock } from '@taskflow/database'
import { type Administrator, ensureAdministrator, keptAdministrator } from '@taskflow/identity'
import {
  type Elector,
  type Events,
  type Ids,
  LeaseElector,
  type Service,
  soleElector,
  type TaskFlowEvents,
  uuidV7Ids,
} from '@taskflow/kernel'
import { assembleStorage, type Storage } from '@taskflow/rooms'
import { worker as workerOf } from '@taskflow/worker'
import { coordinator as coordinatorOf } from './coordinator/coordinator.ts'
import { endInStages } from './end-in-stages.ts'
import { guardPorts } from './guard-ports.ts'
import { memoryTrimmer } from './memory-trimmer.ts'
import type { ProcessOptions } from './process-options.ts'
import type { HttpSources, ProcessPorts } from './process-ports.ts'
import { logEvents } from './telemetry/log-events.ts'

/** A TaskFlow process. Its stop closes the ports that it was assembled from, also if its start failed or never came. */
export interface TaskFlowProcess extends Service {
  readonly storage: Storage
  readonly events: Events
  readonly ids: Ids
  /** Decides whether this process leads; never leads without the role `coordinator`. */
  readonly elector: Elector
  /** How the administrator signs in. Known once started, with the role `api`. */
  readonly administrator: Administrator
  /** Where the HTTP server listens; undefined unless started, and in a process without one. */
  readonly url: string | undefined
}

/**
 * Assembles a process from ports: the only composition of a server, which the simulation runs as well. It knows ports
 * and rooms, no settings and no concrete server, and touches no port before the start.
 */
export function assemble(ports: ProcessPorts, options: ProcessOptions): TaskFlowProcess {
  const { clock, random, log, dataDir } = ports
  const { project, roles, retentionMs, rooms } = options
  const events: Events = new EventEmitter<TaskFlowEvents>()
  logEvents(events, log, clock)
  const followed = databaseClock(ports.database, clock)
  const ids = uuidV7Ids(followed, random)
  const { db, readDb, wakeups, broker } = guardPorts({ ...ports, database: followed.database }, events)
  const { storage, publisher } = assembleStorage({
    db,
    readDb,
    events,
    clock,
    retentionMs,
    broker: ports.broker && broker,
    ...(rooms && { rooms }),
  })
  const shared = { storage, broker, wakeups, clock, ids, random, events, log }
  const elector = dataDir ? soleElector() : new LeaseElector(shared)

  const worker = roles.includes('worker')
    ? workerOf({
        ...shared,
        databaseClock: followed,
        channels: ports.channels,
        settings: { ...options.worker, project },
      })
    : undefined
  const coordinator = roles.includes('coordinator')
    ? coordinatorOf({ ...shared, elector, ...(rooms && { rooms }) })
    : undefined
  const server = ports.httpServer?.({
    ...shared,
    // Ids of tasks follow the database's clock back as well: lists are ordered and filtered by them.
    ids: uuidV7Ids(followed, random, { followsBackMs: CLOCK_SET_BACK_MS }),
    dependencies: dependenciesOf(ports),
    ...(ports.broker && { pingBroker: () => broker.ping() }),
    ...(worker && { workerHealth: () => worker.health }),
  })
  const onTrimError = (err: unknown): void => log.debug({ err }, 'Unused memory could not be returned')
  const trimmer = ports.heap && memoryTrimmer({ clock, heap: ports.heap, onError: onTrimError })

  const services = [worker, coordinator, trimmer].filter((service) => service !== undefined)
  let administrator: Administrator = { secret: undefined, isNew: false }
  let isServing = false

  return {
    name: 'taskflow',
    storage,
    events,
    ids,
    elector,
    get administrator() {
      return administrator
    },
    get url() {
      return server?.url
    },
    async start() {
      await followed.start()
      // Only one process can have the data folder open, so every worker of an earlier process is lost.
      if (dataDir) await storage.markWorkersLost(await storage.listSilentWorkers(0))
      // The key is shown once, by a process that people sign in to.
      if (roles.includes('api'))
        administrator = options.createsAdministrator
          ? await ensureAdministrator({ storage, ids, project, keyFile: dataDir?.adminKeyFile })
          : keptAdministrator(dataDir?.adminKeyFile)
      await server?.start()
      isServing = true
      // All at once: a worker may take long to load its modules, or never finish, and the others do not need it.
      await Promise.all(services.map((service) => service.start()))
    },
    stop: () =>
      endInStages(
        // First, so that a standby leads soon and the worker has all of its time to drain. Meanwhile the HTTP server
        // continues to serve.
        [
          () => trimmer?.stop(),
          () => worker?.stop(),
          () => coordinator?.stop(),
          // Nobody has sent requests to a server that did not start.
          () => (isServing ? server?.announceStop() : undefined),
        ],
        [() => server?.stop()],
        [() => publisher?.stop()],
        [() => broker.close()],
        [() => readDb.close()],
      ),
  }
}

/** The dependencies that count as up from the start, until an event reports the loss of one. */
function dependenciesOf({ broker, replica }: ProcessPorts): HttpSources['dependencies'] {
  return { ...(broker && { broker: broker.name }), databases: replica ? ['primary', 'replica'] : ['primary'] }
}

import { EventEmitter } from 'node:events'
import { fallbackBroker, postgresBroker } from '@taskflow/brokers'
import type { Database } from '@taskflow/database'
import { databaseWakeups, guardedDatabase } from '@taskflow/database'
import { leaseElector, type Service, type TaskFlowEvents, uuidV7Ids } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { openStorage } from '@taskflow/rooms'
import { coordinator } from '@taskflow/server/coordinator'
import { type Broker, publisher } from '@taskflow/tasks'
import { type Log, type RunnerChannels, worker } from '@taskflow/worker'
import type { Chance } from './chance.ts'
import type { Host } from './host.ts'

export type Role = 'api' | 'worker' | 'coordinator'

/** What a planted bug puts in place of a part, to see that it is missed. */
export interface Sabotage {
  readonly broker?: (broker: Broker) => Broker
  readonly storage?: (storage: Storage) => Storage
  /** How often who takes from the database looks without being told. */
  readonly pollMs?: number
}

export interface ProcessDeps {
  readonly host: Host
  readonly role: Role
  readonly chance: Chance
  readonly database: Database
  /** Absent where the database keeps the lines itself. */
  readonly broker: Broker | undefined
  readonly channels: RunnerChannels
  readonly log: Log
  readonly sabotage: Sabotage
}

/** A process of one role, put together as `compose.ts` does, over the ports of a simulation. */
export interface SimulatedProcess {
  readonly role: Role
  readonly host: Host
  readonly storage: Storage
  readonly events: EventEmitter<TaskFlowEvents>
  readonly ids: ReturnType<typeof uuidV7Ids>
  /** Whether it believes that it leads, at this very moment. */
  readonly isLeading: boolean
  start(): Promise<void>
  stop(): Promise<void>
}

const RETENTION_MS = 86_400_000
const HEARTBEAT_MS = 2_000

export function composeProcess(deps: ProcessDeps): SimulatedProcess {
  const { host, role, chance, channels, log, sabotage } = deps
  const { clock } = host
  const random = chance.next
  const events = new EventEmitter<TaskFlowEvents>()
  const ids = uuidV7Ids(clock, random)
  const db = guardedDatabase(deps.database, { clock, events })
  const wakeups = databaseWakeups(db)
  const { pollMs } = sabotage
  const line = postgresBroker({ wakeups, clock, ...(pollMs !== undefined && { pollMs }) })
  const chosen = deps.broker ? fallbackBroker({ primary: deps.broker, fallback: line, clock, events }) : line
  const broker = sabotage.broker?.(chosen) ?? chosen
  const publishing = deps.broker && publisher({ broker, clock, events })
  const opened = openStorage({
    db,
    events,
    retentionMs: RETENTION_MS,
    ...(publishing && { onQueued: publishing.publish }),
  })
  const storage = sabotage.storage?.(opened) ?? opened
  const shared = { storage, broker, wakeups, clock, ids, random, events, log }
  const elector = leaseElector(shared)
  const services: Record<Role, () => Service | undefined> = {
    api: () => undefined,
    worker: () => worker({ ...shared, channels, settings: { ...WORKER, name: host.name } }),
    coordinator: () => coordinator({ ...shared, elector }),
  }
  const service = services[role]()

  return {
    role,
    host,
    storage,
    events,
    ids,
    get isLeading() {
      return elector.isLeading
    },
    async start() {
      await service?.start()
    },
    async stop() {
      await service?.stop()
      await publishing?.stop()
      await broker.close()
    },
  }
}

export const WORKER = {
  project: 'default',
  version: 'simulated',
  labels: {},
  queues: ['default'],
  tasks: '/simulated',
  slots: 3,
  heartbeatMs: HEARTBEAT_MS,
  drainMs: 2_000,
  killGraceMs: 500,
} as const

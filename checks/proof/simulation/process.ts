import type { Database } from '@taskflow/database'
import { DEFAULT_PROJECT } from '@taskflow/identity'
import { ROOMS, type Storage } from '@taskflow/rooms'
import { assemble, type TaskFlowProcess } from '@taskflow/server/assemble'
import type { Broker } from '@taskflow/tasks'
import { type TestRoomStore, testRoom } from '@taskflow/testing/test-room/room'
import type { Log, RunnerChannels } from '@taskflow/worker'
import type { Chance } from './chance.ts'
import type { Host } from './host.ts'

export type Role = 'api' | 'worker' | 'coordinator'

/** Wraps a port of a process, so that a planted bug can change what goes through it. */
export interface Sabotage {
  readonly broker?: (broker: Broker) => Broker
  readonly database?: (database: Database) => Database
}

export interface ProcessDeps {
  readonly host: Host
  readonly role: Role
  readonly chance: Chance
  readonly database: Database
  /** Absent where workers take tasks from the database itself. */
  readonly broker: Broker | undefined
  readonly channels: RunnerChannels
  readonly log: Log
  readonly sabotage: Sabotage
}

/** A process of one role on a simulated host. */
export interface SimulatedProcess extends Pick<TaskFlowProcess, 'events' | 'ids' | 'elector' | 'start' | 'stop'> {
  readonly storage: Storage & TestRoomStore
  readonly role: Role
  readonly host: Host
}

export const PROJECT = DEFAULT_PROJECT

const RETENTION_MS = 86_400_000
const HEARTBEAT_MS = 2_000

export const WORKER = {
  version: 'simulated',
  labels: {},
  queues: ['default'],
  tasks: '/simulated',
  slots: 3,
  heartbeatMs: HEARTBEAT_MS,
  drainMs: 2_000,
  killGraceMs: 500,
} as const

/**
 * Assembles a process as the product does, over the ports of a simulation. A process of the role `api` runs no HTTP server:
 * callers use its storage directly, so it is a process without roles.
 */
export function assembleProcess({
  host,
  role,
  chance,
  channels,
  log,
  sabotage,
  ...deps
}: ProcessDeps): SimulatedProcess {
  const { database, broker } = deps
  const taskflow = assemble(
    {
      clock: host.clock,
      random: chance.next,
      log,
      database: sabotage.database?.(database) ?? database,
      broker: broker && (sabotage.broker?.(broker) ?? broker),
      channels,
    },
    {
      createsAdministrator: false,
      project: PROJECT,
      roles: role === 'api' ? [] : [role],
      retentionMs: RETENTION_MS,
      // The test room uses the ports of tasks, as rooms of the product will.
      rooms: [...ROOMS, testRoom],
      worker: { ...WORKER, name: host.name },
    },
  )
  const { storage, events, ids, elector, start, stop } = taskflow
  return { role, host, storage: storage as Storage & TestRoomStore, events, ids, elector, start, stop }
}

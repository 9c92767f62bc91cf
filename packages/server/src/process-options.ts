import { DEFAULT_PROJECT } from '@taskflow/identity'
import type { Room } from '@taskflow/room'
import type { WorkerOptions } from '@taskflow/worker'
import type { Settings } from './config.ts'
import { VERSION } from './version.ts'

/** The options of a process: what it does, and how. */
export interface ProcessOptions {
  /** The project that the worker takes tasks of and the administrator belongs to. */
  readonly project: string
  /** Whether a process of role `api` creates an administrator's key where there is none. */
  readonly createsAdministrator: boolean
  /** A process without roles runs no service; its storage still accepts tasks. */
  readonly roles: readonly ('api' | 'worker' | 'coordinator')[]
  /** How long finished tasks are kept that name no retention of their own. */
  readonly retentionMs: number
  /** The rooms whose stores and duties the process has. Default: every room of the product. */
  readonly rooms?: readonly Room[]
  /** Used with the role `worker`. */
  readonly worker: Omit<WorkerOptions, 'project'>
}

/** @param isTerminal whether a person reads what the process prints, and nobody else */
export function processOptions(settings: Settings, isTerminal: boolean): ProcessOptions {
  const { roles, retentionMs } = settings
  return {
    project: DEFAULT_PROJECT,
    // A key that nobody can read would be of no use: it is kept in the data folder, or shown once in a terminal.
    createsAdministrator: settings.adminToken === undefined && (settings.databaseUrl === undefined || isTerminal),
    roles,
    retentionMs,
    worker: {
      name: settings.workerName,
      version: VERSION,
      labels: settings.workerLabels ?? {},
      queues: settings.queues,
      types: settings.types,
      slots: settings.concurrency,
      tasks: settings.tasks,
      drainMs: settings.drainMs,
    },
  }
}

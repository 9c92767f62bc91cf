import { DEFAULT_PROJECT } from '@taskflow/identity'
import type { Room } from '@taskflow/room'
import type { WorkerOptions } from '@taskflow/worker'
import type { Settings } from './config.ts'
import { VERSION } from './version.ts'

/** The options of a process: what it does, and how. */
export interface ProcessOptions {
  /** The project that the worker takes tasks of and the administrator belongs to. */
  readonly project: string
  /** A process without roles runs no service; its storage still accepts tasks. */
  readonly roles: readonly ('api' | 'worker' | 'coordinator')[]
  /** How long finished tasks are kept that name no retention of their own. */
  readonly retentionMs: number
  /** The rooms whose stores and duties the process has. Default: every room of the product. */
  readonly rooms?: readonly Room[]
  /** Used with the role `worker`. */
  readonly worker: Omit<WorkerOptions, 'project'>
}

export function processOptions(settings: Settings): ProcessOptions {
  const { roles, retentionMs } = settings
  return {
    project: DEFAULT_PROJECT,
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

import type { AttemptStore, TaskId, TaskTypeDefaults, WorkerId } from '@taskflow/tasks'

/** Describes a worker that starts. */
export interface WorkerIntroduction {
  readonly id: WorkerId
  readonly project: string
  readonly name: string
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly labels: Readonly<Record<string, string>>
  readonly queues: readonly string[]
  readonly types: readonly string[]
  readonly slots: number
  /** The previous id of a worker that was marked lost and continues: a request to that id applies to this one. */
  readonly replaces?: WorkerId
}

/** An operator's request to a worker: to claim no tasks, or also to finish or release the tasks that it holds. */
export type WorkerRequest = 'cordon' | 'drain'

/** Counts the tasks of one queue that a worker settled since its last heartbeat. */
export interface QueueTally {
  readonly queue: string
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
}

/** The figures that a worker reports with each heartbeat. */
export interface Pulse {
  readonly running: number
  /** Delay of the event loop that runs handlers, in milliseconds. */
  readonly loopLagMs: number
  /** Milliseconds since the last successful fetch; 0 while the worker is full or cordoned. */
  readonly sinceFetchMs: number
  readonly state: 'active' | 'draining'
  readonly settled: readonly QueueTally[]
}

/** The reply to a heartbeat: the running tasks to cancel and the operator's request, if the worker is still registered. */
export type Heartbeat =
  | { readonly isAlive: true; readonly cancelled: readonly TaskId[]; readonly request: WorkerRequest | null }
  /** The worker was marked lost and its tasks are rescued: it must continue under a new id. */
  | { readonly isAlive: false }

/** Stores what workers report about themselves. */
export interface WorkerStore {
  /** Stores the worker and the defaults of its task types. Repeating the call changes nothing. */
  registerWorker(worker: WorkerIntroduction, types: readonly TaskTypeDefaults[]): Promise<void>
  /** Renews all leases of the worker at once, and adds its tallies to the throughput of the queues. */
  heartbeatWorker(id: WorkerId, pulse: Pulse): Promise<Heartbeat>
  /** Marks the worker stopped. The rescuer requeues any task that it still holds. */
  deregisterWorker(id: WorkerId): Promise<void>
}

/** Stores everything that workers read and write. */
export interface WorkStore extends AttemptStore, WorkerStore {}

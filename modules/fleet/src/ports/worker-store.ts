import type { AttemptStore, TaskId, TaskTypeDefaults, WorkerId } from '@taskflow/tasks'

/** What a worker says of itself when it starts. */
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
  /** The incarnation before, of a worker that was declared dead and carries on: what that was asked to do still holds. */
  readonly replaces?: WorkerId
}

/** What an operator asks of a worker: to take nothing more, or to take nothing more and empty its hands. */
export type WorkerRequest = 'cordon' | 'drain'

/** What a worker settled of one queue since its last heartbeat. */
export interface QueueTally {
  readonly queue: string
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
}

export interface Pulse {
  readonly running: number
  /** How late the loop that runs handlers answers, in milliseconds. */
  readonly loopLagMs: number
  /** Since the fetch loop last went round, in milliseconds. */
  readonly sinceFetchMs: number
  readonly state: 'active' | 'draining'
  readonly settled: readonly QueueTally[]
}

export type Heartbeat =
  | { readonly isAlive: true; readonly cancelled: readonly TaskId[]; readonly request: WorkerRequest | null }
  /** The worker was declared dead and its tasks rescued: it must carry on under a new id. */
  | { readonly isAlive: false }

/** Workers, as they report themselves. */
export interface WorkerStore {
  registerWorker(worker: WorkerIntroduction, types: readonly TaskTypeDefaults[]): Promise<void>
  heartbeatWorker(id: WorkerId, pulse: Pulse): Promise<Heartbeat>
  /** The worker has stopped and holds no task. */
  deregisterWorker(id: WorkerId): Promise<void>
}

/** The life of tasks as workers drive it. */
export interface WorkStore extends AttemptStore, WorkerStore {}

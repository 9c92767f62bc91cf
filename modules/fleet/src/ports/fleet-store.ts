import type { TaskState, WorkerId } from '@taskflow/tasks'
import type { WorkerIntroduction } from './worker-store.ts'

export const WORKER_STATES = ['active', 'silent', 'cordoned', 'draining', 'lost', 'stopped'] as const

/**
 * `silent`: no heartbeat for longer than a living worker lets pass. `cordoned`: takes nothing more.
 * `draining`: takes nothing more, and stops or was asked to empty its hands. `lost` was declared dead; `stopped` said goodbye.
 */
export type WorkerState = (typeof WORKER_STATES)[number]

export interface WorkerView extends Omit<WorkerIntroduction, 'replaces'> {
  readonly state: WorkerState
  readonly running: readonly { readonly taskId: string; readonly type: string; readonly startedAt: Date }[]
  readonly loopLagMs: number
  readonly sinceFetchMs: number
  readonly startedAt: Date
  readonly heartbeatAt: Date
}

export interface QueueView {
  readonly name: string
  /** Unfinished tasks by state, as last counted. */
  readonly depth: Readonly<Partial<Record<TaskState, number>>>
  /** Age of the oldest queued task, in milliseconds; null when none waits. */
  readonly oldestQueuedMs: number | null
  /** What workers settled over the last minute that is complete, by outcome. */
  readonly throughput: { readonly succeeded: number; readonly failed: number; readonly cancelled: number }
  readonly countedAt: Date
}

/** What is known of workers, queues and task types, and what is asked of workers. */
export interface FleetStore {
  /** Newest first; those that ended are kept for a day. */
  listWorkers(project: string, page: { limit: number; before?: WorkerId }): Promise<WorkerView[]>
  /** Throws WORKER_NOT_FOUND. */
  getWorker(project: string, id: WorkerId): Promise<WorkerView>
  /**
   * These three ask; the last word counts. No claim that begins afterwards gets a task, and the worker is told.
   * They throw WORKER_NOT_FOUND, and WORKER_STATE_CONFLICT for one that is lost or stopped.
   */
  cordonWorker(project: string, id: WorkerId): Promise<WorkerView>
  /** Takes back a drain as well. */
  uncordonWorker(project: string, id: WorkerId): Promise<WorkerView>
  /** With empty hands it stays, draining, until its process ends. */
  drainWorker(project: string, id: WorkerId): Promise<WorkerView>
  /** May be a moment old. */
  listQueues(project: string, page: { limit: number; after?: string }): Promise<QueueView[]>
  /** Throws QUEUE_NOT_FOUND. */
  getQueue(project: string, name: string): Promise<QueueView>
}

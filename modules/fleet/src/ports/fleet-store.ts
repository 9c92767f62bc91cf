import type { UnfinishedState, WorkerId } from '@taskflow/tasks'
import type { WorkerIntroduction } from './worker-store.ts'

export const WORKER_STATES = ['active', 'silent', 'cordoned', 'draining', 'lost', 'stopped'] as const

/**
 * The state of a worker as the API shows it:
 *
 * - `active`: claims tasks.
 * - `silent`: has sent no heartbeat for two seconds.
 * - `cordoned`: claims no tasks; its running attempts continue.
 * - `draining`: claims no tasks, and releases those that do not finish in time.
 * - `lost`: the coordinator rescues its tasks, because its heartbeats stopped.
 * - `stopped`: ended as planned.
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
  /** The number of unfinished tasks by state, at `countedAt`; 0 for a state without tasks. */
  readonly depth: Readonly<Record<UnfinishedState, number>>
  /** Milliseconds since the oldest queued task was queued; null when no task is queued. */
  readonly oldestQueuedMs: number | null
  /** The number of tasks that workers settled during the last full minute, by outcome. */
  readonly throughput: { readonly succeeded: number; readonly failed: number; readonly cancelled: number }
  readonly countedAt: Date
}

/** Reads workers and queues, and sends requests to workers. */
export interface FleetStore {
  /** Lists workers, newest first. Lost and stopped workers are kept for a day. */
  listWorkers(project: string, page: { limit: number; before?: WorkerId }): Promise<WorkerView[]>
  /** Throws WORKER_NOT_FOUND. */
  getWorker(project: string, id: WorkerId): Promise<WorkerView>
  /**
   * Requests a cordon and notifies the worker. No claim that begins afterwards gets a task. The latest request to a
   * worker replaces the earlier ones. Throws WORKER_NOT_FOUND, and WORKER_STATE_CONFLICT when the worker is lost or
   * stopped; so do the next two methods.
   */
  cordonWorker(project: string, id: WorkerId): Promise<WorkerView>
  /** Withdraws a cordon or a drain. */
  uncordonWorker(project: string, id: WorkerId): Promise<WorkerView>
  /** Requests a drain. A worker without tasks stays draining until its process ends or it is uncordoned. */
  drainWorker(project: string, id: WorkerId): Promise<WorkerView>
  /** Lists queues by name. May read a replica that is a moment behind. */
  listQueues(project: string, page: { limit: number; after?: string }): Promise<QueueView[]>
  /** Throws QUEUE_NOT_FOUND. */
  getQueue(project: string, name: string): Promise<QueueView>
}

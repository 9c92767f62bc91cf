import type { WorkerId } from '../task.ts'
import type { TaskState } from '../task-state.ts'
import type { TaskTypeDefaults, WorkerIntroduction } from './work-store.ts'

export interface WorkerView extends WorkerIntroduction {
  /** `lost` was declared dead; `stopped` said goodbye. */
  readonly state: 'active' | 'draining' | 'lost' | 'stopped'
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

/** What is known of workers, queues and task types. */
export interface FleetStore {
  /** Newest first; those that ended are kept for a day. */
  listWorkers(project: string, page: { limit: number; before?: WorkerId }): Promise<WorkerView[]>
  listQueues(project: string, page: { limit: number; after?: string }): Promise<QueueView[]>
  /** Throws QUEUE_NOT_FOUND. */
  getQueue(project: string, name: string): Promise<QueueView>
  listTaskTypes(project: string): Promise<TaskTypeDefaults[]>
}

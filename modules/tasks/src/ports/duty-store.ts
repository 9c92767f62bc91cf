import type { Dispatch, Subqueue } from '../dispatch/broker.ts'
import type { GateStore } from './gate.ts'

/** The place of a task in its subqueue. */
export type QueuedTask = Pick<Dispatch, 'taskId' | 'rankMs'>

/** The storage methods of this room's duties. Each method is safe to run twice, and by two at once. */
export interface TaskDutyStore extends Pick<GateStore, 'readmitFromOpenGates'> {
  /** Moves up to `limit` due tasks to queued. `nextDueInMs` is null when nothing is scheduled. */
  promoteTasks(limit: number): Promise<{ promoted: number; nextDueInMs: number | null }>
  /** Counts the claimable tasks that have been queued for longer than that, by subqueue; empty subqueues are left out. */
  countQueuedTasks(settledForMs: number): Promise<{ subqueue: Subqueue; count: number }[]>
  /** Claimable tasks of a subqueue, smallest rank first, after the last one of the page before. */
  listQueuedTasks(subqueue: Subqueue, page: { limit: number; after?: QueuedTask }): Promise<Dispatch[]>
  /** Fails tasks past schedule-to-start or schedule-to-close that are not running. */
  expireTasks(limit: number): Promise<number>
  /** Makes the partitions of the days ahead, drops those whose tasks are all past retention, and clears old keys and workers. */
  applyRetention(): Promise<{ droppedPartitions: readonly string[] }>
  /** Reclaims dead rows and renews statistics where no autovacuum does (PGlite); elsewhere it does nothing. */
  vacuumTables(): Promise<void>
}

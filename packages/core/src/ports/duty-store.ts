import type { LeaseId, TaskId, WorkerId } from '../task.ts'
import type { Dispatch, Line } from './broker.ts'
import type { Settlement, SettlementResult } from './work-store.ts'

export interface OrphanedLease {
  readonly taskId: TaskId
  readonly leaseId: LeaseId
  readonly workerId: WorkerId
  readonly attempt: number
  readonly maxAttempts: number
  readonly crashCount: number
}

/** Where a task stands in its line. */
export type QueuedTask = Pick<Dispatch, 'taskId' | 'rankMs'>

/** What the coordinator's duties need. Each method is safe to run twice, and by two at once. */
export interface DutyStore {
  /** Which of the duties below have something to do now. */
  findDuties(silentAfterMs: number): Promise<{ promote: boolean; expire: boolean; bury: boolean; rescue: boolean }>
  /** Moves up to `limit` due tasks to queued. `nextDueInMs` is null when nothing is scheduled. */
  promoteTasks(limit: number): Promise<{ promoted: number; nextDueInMs: number | null }>
  /** How many tasks have been queued for longer than that, by line; lines without any are left out. */
  countQueuedTasks(settledForMs: number): Promise<{ line: Line; count: number }[]>
  /** Queued tasks of a line, smallest rank first, after the last one of the page before. */
  listQueuedTasks(line: Line, page: { limit: number; after?: QueuedTask }): Promise<Dispatch[]>
  /** Live workers whose heartbeat is older than that, with the time of it. */
  listSilentWorkers(olderThanMs: number): Promise<{ id: WorkerId; heartbeatAt: Date }[]>
  /** Declares dead those of them whose heartbeat is still the one given. Resolves with which. */
  buryWorkers(silent: readonly { id: WorkerId; heartbeatAt: Date }[]): Promise<WorkerId[]>
  /** Running tasks whose worker is dead, gone or stopped. */
  listOrphanedLeases(limit: number): Promise<OrphanedLease[]>
  settleTasks(settlements: readonly Settlement[]): Promise<readonly SettlementResult[]>
  /** Fails tasks past schedule-to-start or schedule-to-close that are not running. */
  expireTasks(limit: number): Promise<number>
  /** Counts unfinished tasks by queue and state for those who ask. Resolves with how many queues have another count than before. */
  countQueues(): Promise<number>
  /** Makes the partitions of the days ahead, drops those whose tasks are all past retention, and clears old keys and workers. */
  applyRetention(): Promise<{ droppedPartitions: readonly string[] }>
  /** Reclaims dead rows and renews statistics where no autovacuum does (PGlite); elsewhere it does nothing. */
  vacuumTables(): Promise<void>
}

import type { AttemptStore, LeaseId, TaskId, WorkerId } from '@taskflow/tasks'

export interface OrphanedLease {
  readonly taskId: TaskId
  readonly leaseId: LeaseId
  readonly workerId: WorkerId
  readonly attempt: number
  readonly maxAttempts: number
  readonly crashCount: number
}

/** What the duties of this room need. Each method is safe to run twice, and by two at once. */
export interface FleetDutyStore extends Pick<AttemptStore, 'settleTasks'> {
  /** Which of the duties below have something to do now. */
  findDuties(
    silentAfterMs: number,
  ): Promise<{ promote: boolean; expire: boolean; loseWorkers: boolean; rescue: boolean }>
  /** Live workers whose heartbeat is older than that, with the time of it. */
  listSilentWorkers(olderThanMs: number): Promise<{ id: WorkerId; heartbeatAt: Date }[]>
  /** Declares dead those of them whose heartbeat is still the one given. Resolves with which. */
  markWorkersLost(silent: readonly { id: WorkerId; heartbeatAt: Date }[]): Promise<WorkerId[]>
  /** Running tasks whose worker is dead, gone or stopped. */
  listOrphanedLeases(limit: number): Promise<OrphanedLease[]>
  /** Counts unfinished tasks by queue and state for those who ask. Resolves with how many queues have another count than before. */
  countQueues(): Promise<number>
}

import type { AttemptStore, LeaseId, TaskId, WorkerId } from '@taskflow/tasks'

/** A lease whose worker no longer renews it, with what the verdict on the task depends on. */
export interface OrphanedLease {
  readonly taskId: TaskId
  readonly leaseId: LeaseId
  readonly workerId: WorkerId
  readonly attempt: number
  readonly maxAttempts: number
  readonly crashCount: number
}

/** Stores what the duties of this room need. Each method is safe to run twice, and in two processes at once. */
export interface FleetDutyStore {
  /** Finds which duties have work now. */
  findDuties(lostAfterMs: number): Promise<{ promote: boolean; expire: boolean; markLost: boolean; rescue: boolean }>
  /** Lists the active and draining workers whose heartbeat is older than this, with the time of the heartbeat. */
  listSilentWorkers(olderThanMs: number): Promise<{ id: WorkerId; heartbeatAt: Date }[]>
  /** Marks those workers lost whose heartbeat is still the given one. Resolves with the ids of the workers marked. */
  markWorkersLost(silent: readonly { id: WorkerId; heartbeatAt: Date }[]): Promise<WorkerId[]>
  /** Lists leases of running tasks whose worker is lost, stopped or unknown. */
  listOrphanedLeases(limit: number): Promise<OrphanedLease[]>
  /** Stores the number of unfinished tasks of each queue by state. Resolves with the number of queues whose counts changed. */
  countQueues(): Promise<number>
}

/** The storage of this room's duties: they settle the tasks of lost workers as workers settle their own. */
export type FleetDutyStorage = FleetDutyStore & Pick<AttemptStore, 'settleTasks'>

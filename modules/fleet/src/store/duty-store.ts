import type { Database } from '@taskflow/database'
import type { LeaseId, TaskId, WorkerId } from '@taskflow/tasks'
import type { FleetDutyStore } from '../ports/duty-store.ts'
import { countQueues } from '../statements/count-queues.ts'
import { findDuties } from '../statements/find-duties.ts'
import { listOrphanedLeases } from '../statements/list-orphaned-leases.ts'
import { listSilentWorkers } from '../statements/list-silent-workers.ts'
import { markWorkersLost } from '../statements/mark-workers-lost.ts'

/** Implements the storage of this room's duties. */
export function fleetDutyStore(db: Database): FleetDutyStore {
  return {
    async findDuties(lostAfterMs) {
      const [found] = await db.run(findDuties, [])
      const { promote = false, expire = false, rescue = false, oldest_heartbeat_ms: oldestMs = null } = found ?? {}
      return { promote, expire, rescue, markLost: oldestMs !== null && oldestMs > lostAfterMs }
    },

    async listSilentWorkers(olderThanMs) {
      const rows = await db.run(listSilentWorkers, [olderThanMs])
      return rows.map((row) => ({ id: row.id as WorkerId, heartbeatAt: row.heartbeat_at }))
    },

    async markWorkersLost(silent) {
      const rows = await db.run(markWorkersLost, [
        silent.map(({ id }) => id),
        silent.map(({ heartbeatAt }) => heartbeatAt),
      ])
      return rows.map(({ id }) => id as WorkerId)
    },

    async listOrphanedLeases(limit) {
      const rows = await db.run(listOrphanedLeases, [limit])
      return rows.map((row) => ({
        taskId: row.id as TaskId,
        leaseId: row.lease_id as LeaseId,
        workerId: row.worker_id as WorkerId,
        attempt: row.attempt,
        maxAttempts: row.max_attempts,
        crashCount: row.crash_count,
      }))
    },

    async countQueues() {
      const [row] = await db.run(countQueues, [])
      return row?.changed ?? 0
    },
  }
}

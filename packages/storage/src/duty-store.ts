import {
  type Database,
  type DutyStore,
  type LeaseId,
  type TaskFailure,
  type TaskId,
  TRANSITIONS,
  type WorkerId,
  type WorkStore,
} from '@taskflow/core'
import { toDispatch } from './dispatch-row.ts'
import { addPartitionDay } from './queries/add-partition-day.ts'
import { buryWorkers } from './queries/bury-workers.ts'
import { clearOldRows } from './queries/clear-old-rows.ts'
import { countQueuedTasks } from './queries/count-queued-tasks.ts'
import { countQueues } from './queries/count-queues.ts'
import { dropPartitionDay } from './queries/drop-partition-day.ts'
import { expireTasks } from './queries/expire-tasks.ts'
import { findDuties } from './queries/find-duties.ts'
import { listOrphanedLeases } from './queries/list-orphaned-leases.ts'
import { listQueuedTasks } from './queries/list-queued-tasks.ts'
import { listSilentWorkers } from './queries/list-silent-workers.ts'
import { lockPartitions } from './queries/lock-partitions.ts'
import { nextDue } from './queries/next-due.ts'
import { promoteTasks } from './queries/promote-tasks.ts'
import { vacuumTables } from './queries/vacuum-tables.ts'
import { priorityNumber, toPriority } from './task-row.ts'
import type { TellQueued } from './tell-queued.ts'

interface Deps {
  readonly db: Database
  readonly retentionMs: number
  readonly settleTasks: WorkStore['settleTasks']
  readonly tellQueued: TellQueued | undefined
}

// Tomorrow's partition must be there before midnight, also when no coordinator ran for a weekend.
const DAYS_AHEAD = 3

const expiry = (message: string): string =>
  JSON.stringify({ name: 'Expired', message, reason: 'expired' } satisfies TaskFailure)

const NOT_STARTED = expiry('No worker started it within its schedule-to-start time')
const NOT_CLOSED = expiry('It did not finish within its schedule-to-close time')

export function dutyStore({ db, retentionMs, settleTasks, tellQueued }: Deps): DutyStore {
  return {
    settleTasks,

    async findDuties(silentAfterMs) {
      const [found] = await db.run(findDuties, [])
      const { promote = false, expire = false, rescue = false, oldest_heartbeat_ms: oldestMs = null } = found ?? {}
      return { promote, expire, rescue, bury: oldestMs !== null && oldestMs > silentAfterMs }
    },

    async promoteTasks(limit) {
      const rows = await db.run(promoteTasks, [TRANSITIONS.promote.from, limit])
      tellQueued?.(rows.map(toDispatch))
      const [next] = await db.run(nextDue, [])
      return { promoted: rows.length, nextDueInMs: next?.due_in_ms ?? null }
    },

    async countQueuedTasks(settledForMs) {
      const rows = await db.run(countQueuedTasks, [settledForMs])
      return rows.map(({ project, queue, type, priority, tasks }) => ({
        line: { project, queue, type, priority: toPriority(priority) },
        count: tasks,
      }))
    },

    async listQueuedTasks(line, { limit, after }) {
      const { project, queue, type, priority } = line
      const rows = await db.run(listQueuedTasks, [
        project,
        queue,
        type,
        priorityNumber(priority),
        limit,
        after?.rankMs ?? null,
        after?.taskId ?? null,
      ])
      return rows.map((row) => ({ project, queue, type, priority, taskId: row.id as TaskId, rankMs: row.rank_ms }))
    },

    async listSilentWorkers(olderThanMs) {
      const rows = await db.run(listSilentWorkers, [olderThanMs])
      return rows.map((row) => ({ id: row.id as WorkerId, heartbeatAt: row.heartbeat_at }))
    },

    async buryWorkers(silent) {
      const rows = await db.run(buryWorkers, [silent.map(({ id }) => id), silent.map(({ heartbeatAt }) => heartbeatAt)])
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

    async expireTasks(limit) {
      const [row] = await db.run(expireTasks, [TRANSITIONS.expire.from, limit, NOT_STARTED, NOT_CLOSED, retentionMs])
      return row?.expired ?? 0
    },

    async countQueues() {
      const [row] = await db.run(countQueues, [])
      return row?.changed ?? 0
    },

    async applyRetention() {
      // First, since it needs no lock for which a long reader makes the others give up.
      await db.transaction(async (tx) => {
        await tx.run(lockPartitions, [])
        await tx.run(clearOldRows, [])
      })
      for (let day = 0; day <= DAYS_AHEAD; day++) await db.run(addPartitionDay, [day, retentionMs])
      const droppedPartitions: string[] = []
      for (;;) {
        const [row] = await db.run(dropPartitionDay, [retentionMs])
        if (!row?.day) break
        droppedPartitions.push(row.day)
      }
      return { droppedPartitions }
    },

    async vacuumTables() {
      if (db.engine === 'pglite') await db.run(vacuumTables, [])
    },
  }
}

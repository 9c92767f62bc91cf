import type { Database, Sweep } from '@taskflow/database'
import { taskFailure } from '../domain/failures.ts'
import type { TaskId } from '../domain/task.ts'
import { TRANSITIONS } from '../domain/task-state.ts'
import type { TaskDutyStore } from '../ports/duty-store.ts'
import { addPartitionDay } from '../statements/add-partition-day.ts'
import { countQueuedTasks } from '../statements/count-queued-tasks.ts'
import { dropPartitionDay } from '../statements/drop-partition-day.ts'
import { expireTasks } from '../statements/expire-tasks.ts'
import { listQueuedTasks } from '../statements/list-queued-tasks.ts'
import { lockPartitions } from '../statements/lock-partitions.ts'
import { nextDue } from '../statements/next-due.ts'
import { promoteTasks } from '../statements/promote-tasks.ts'
import { vacuumTables } from '../statements/vacuum-tables.ts'
import { dispatchesOf } from './dispatch-row.ts'
import type { NotifyQueued } from './notify-queued.ts'
import { priorityNumber, toPriority } from './task-row.ts'

interface Deps {
  readonly db: Database
  readonly retentionMs: number
  /** Statements of all rooms that clear rows past their time. */
  readonly sweeps: readonly Sweep[]
  /** Consumers of notices, of all rooms. */
  readonly consumers: readonly string[]
  readonly notifyQueued: NotifyQueued | undefined
}

// Tomorrow's partition must exist before midnight, even after a weekend without a coordinator.
const DAYS_AHEAD = 3

const expiry = (message: string): string => JSON.stringify(taskFailure('Expired', message, 'expired'))

const NOT_STARTED = expiry('No worker started it within its schedule-to-start time')
const NOT_CLOSED = expiry('It did not finish within its schedule-to-close time')

export function taskDutyStore(deps: Deps): Omit<TaskDutyStore, 'readmitFromOpenGates'> {
  const { db, retentionMs, sweeps, consumers, notifyQueued } = deps
  return {
    async promoteTasks(limit) {
      const rows = await db.run(promoteTasks, [TRANSITIONS.promote.from, limit])
      notifyQueued?.(dispatchesOf(rows))
      const [next] = await db.run(nextDue, [])
      return { promoted: rows.length, nextDueInMs: next?.due_in_ms ?? null }
    },

    async countQueuedTasks(settledForMs) {
      const rows = await db.run(countQueuedTasks, [settledForMs])
      return rows.map(({ project, queue, type, priority, tasks }) => ({
        subqueue: { project, queue, type, priority: toPriority(priority) },
        count: tasks,
      }))
    },

    async listQueuedTasks(subqueue, { limit, after }) {
      const { project, queue, type, priority } = subqueue
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

    async expireTasks(limit) {
      const [row] = await db.run(expireTasks, [
        TRANSITIONS.expire.from,
        limit,
        NOT_STARTED,
        NOT_CLOSED,
        retentionMs,
        consumers,
      ])
      return row?.expired ?? 0
    },

    async applyRetention() {
      // First, because it needs no lock that waits for a long reader.
      await db.transaction(async (tx) => {
        await tx.run(lockPartitions, [])
        for (const sweep of sweeps) await tx.run(sweep, [])
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

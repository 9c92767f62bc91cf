import type { Database } from '@taskflow/database'
import { columnsOf } from '@taskflow/database'
import { TaskFlowError } from '@taskflow/kernel'
import type { LeaseId, TaskId, WorkerId } from '../domain/task.ts'
import type { AttemptStore, Lease } from '../ports/attempt-store.ts'
import { appendLogs } from '../statements/append-logs.ts'
import { type ClaimedRow, claimTasks } from '../statements/claim-tasks.ts'
import { claimTasksById } from '../statements/claim-tasks-by-id.ts'
import { claimTasksOfSubqueues } from '../statements/claim-tasks-of-subqueues.ts'
import { findClaimer } from '../statements/find-claimer.ts'
import { findLastLog } from '../statements/find-last-log.ts'
import { listHeldLeases } from '../statements/list-held-leases.ts'
import { recordProgress } from '../statements/record-progress.ts'

// With this many subqueues, locking the first tasks of each costs as much as reading them twice.
const FEW_SUBQUEUES = 16

interface Deps {
  readonly db: Database
  readonly settleTasks: AttemptStore['settleTasks']
}

export function attemptStore({ db, settleTasks }: Deps): AttemptStore {
  /** Nothing was claimed: either others have these tasks, or this worker may not claim. */
  async function refuseWhoMayNotClaim(workerId: WorkerId): Promise<void> {
    const [claimer] = await db.run(findClaimer, [workerId])
    if (claimer) return
    throw new TaskFlowError('WORKER_STATE_CONFLICT', `Worker ${workerId} may claim nothing for now`, {
      details: { id: workerId },
    })
  }

  return {
    settleTasks,

    async claimTasks({ claimId, workerId, queues, types, max, ids, isDrawn = false, maxAttempts = null }) {
      const leasePrefix = claimId.slice(0, -12)
      if (!ids) {
        const hasManySubqueues = queues.length * types.length > FEW_SUBQUEUES
        const claim = hasManySubqueues ? claimTasksOfSubqueues : claimTasks
        return (await db.run(claim, [workerId, queues, types, max, isDrawn, leasePrefix, maxAttempts])).map(toLease)
      }
      const rows = await db.run(claimTasksById, [workerId, ids, queues, types, max, leasePrefix, maxAttempts])
      if (rows.length === 0) await refuseWhoMayNotClaim(workerId)
      return rows.map(toLease)
    },

    async listHeldLeases(workerId) {
      const rows = await db.run(listHeldLeases, [workerId])
      return rows.map((row) => ({ taskId: row.id as TaskId, leaseId: row.lease_id as LeaseId }))
    },

    async findLastLog(taskIds) {
      const [last] = await db.run(findLastLog, [[...taskIds]])
      return last?.id
    },

    async appendLogs(lines) {
      await db.run(
        appendLogs,
        columnsOf(lines, [
          (line) => line.id,
          (line) => line.taskId as string,
          (line) => line.project,
          (line) => line.attempt,
          (line) => line.at,
          (line) => line.level as string,
          (line) => line.message,
          (line) => line.fields,
        ]),
      )
    },

    async recordProgress(updates) {
      await db.run(
        recordProgress,
        columnsOf(updates, [
          (update) => update.taskId as string,
          (update) => update.leaseId as string,
          (update) => update.id,
          ({ percent, message }) => JSON.stringify({ percent, ...(message !== null && { message }) }),
        ]),
      )
    },
  }
}

function toLease(row: ClaimedRow): Lease {
  const { unusual } = row
  return {
    taskId: row.id as TaskId,
    leaseId: row.lease_id as LeaseId,
    project: row.project,
    type: row.type,
    queue: row.queue,
    payload: row.payload,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    crashCount: unusual?.crashCount ?? 0,
    retry: unusual?.retry ?? null,
    timeouts: unusual?.timeouts ?? null,
    closeInMs: unusual?.closeInMs ?? null,
    labels: unusual?.labels ?? {},
    options: unusual?.options ?? null,
    createdAt: new Date(row.created_at_ms),
    waitedMs: row.waited_ms,
  }
}

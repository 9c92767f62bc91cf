import {
  type Database,
  type Lease,
  type LeaseId,
  TaskFlowError,
  type TaskId,
  type WorkerId,
  type WorkerRequest,
  type WorkStore,
} from '@taskflow/core'
import { appendLogs } from './queries/append-logs.ts'
import { type ClaimedRow, claimTasks } from './queries/claim-tasks.ts'
import { claimTasksById } from './queries/claim-tasks-by-id.ts'
import { claimTasksOfLines } from './queries/claim-tasks-of-lines.ts'
import { deregisterWorker } from './queries/deregister-worker.ts'
import { findClaimer } from './queries/find-claimer.ts'
import { heartbeatWorker } from './queries/heartbeat-worker.ts'
import { listHeldLeases } from './queries/list-held-leases.ts'
import { recordProgress } from './queries/record-progress.ts'
import { recordSettled } from './queries/record-settled.ts'
import { registerTaskTypes } from './queries/register-task-types.ts'
import { registerWorker } from './queries/register-worker.ts'
import { columnsOf } from './statement.ts'
import { jsonOrNull, priorityNumber } from './task-row.ts'

// A line is what waits in one queue for one type. Of so many, locking the first of each costs what reading them twice does.
const FEW_LINES = 16

interface Deps {
  readonly db: Database
  readonly settleTasks: WorkStore['settleTasks']
}

export function workStore({ db, settleTasks }: Deps): WorkStore {
  /** Nothing was claimed: because others have these tasks, or because this worker may have none? */
  async function refuseWhoMayNotClaim(workerId: WorkerId): Promise<void> {
    const [claimer] = await db.run(findClaimer, [workerId])
    if (claimer) return
    throw new TaskFlowError('WORKER_STATE_CONFLICT', `Worker ${workerId} may claim nothing for now`, {
      details: { id: workerId },
    })
  }

  return {
    settleTasks,

    async registerWorker(worker, types) {
      await db.run(registerWorker, [
        worker.id,
        worker.project,
        worker.name,
        worker.host,
        worker.pid,
        worker.version,
        JSON.stringify(worker.labels),
        worker.queues,
        worker.types,
        worker.slots,
        worker.replaces ?? null,
      ])
      await db.run(registerTaskTypes, [
        worker.project,
        ...columnsOf(types, [
          (type) => type.type,
          (type) => type.queue,
          (type) => (type.priority === null ? null : priorityNumber(type.priority)),
          (type) => type.maxAttempts,
          (type) => jsonOrNull(type.retry),
          (type) => jsonOrNull(type.timeouts),
          (type) => type.inputSchema,
        ]),
      ])
    },

    async heartbeatWorker(id, { state, loopLagMs, sinceFetchMs, settled }) {
      const [row] = await db.run(heartbeatWorker, [id, state, Math.round(loopLagMs), Math.round(sinceFetchMs)])
      if (!row) return { isAlive: false }
      if (settled.length > 0) {
        const tallies = columnsOf(settled, [
          (tally) => tally.queue,
          (tally) => tally.succeeded,
          (tally) => tally.failed,
          (tally) => tally.cancelled,
        ])
        await db.run(recordSettled, [id, ...tallies])
      }
      return { isAlive: true, cancelled: row.cancelled as TaskId[], request: row.request as WorkerRequest | null }
    },

    async deregisterWorker(id) {
      await db.run(deregisterWorker, [id])
    },

    async claimTasks({ claimId, workerId, queues, types, max, ids, isDrawn = false }) {
      const leasePrefix = claimId.slice(0, -12)
      if (!ids) {
        const isOfManyLines = queues.length * types.length > FEW_LINES
        const claim = isOfManyLines ? claimTasksOfLines : claimTasks
        return (await db.run(claim, [workerId, queues, types, max, isDrawn, leasePrefix])).map(toLease)
      }
      const rows = await db.run(claimTasksById, [workerId, ids, queues, types, max, leasePrefix])
      if (rows.length === 0) await refuseWhoMayNotClaim(workerId)
      return rows.map(toLease)
    },

    async listHeldLeases(workerId) {
      const rows = await db.run(listHeldLeases, [workerId])
      return rows.map((row) => ({ taskId: row.id as TaskId, leaseId: row.lease_id as LeaseId }))
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
    createdAt: new Date(row.created_at_ms),
    waitedMs: row.waited_ms,
  }
}

import {
  type Database,
  type FleetStore,
  type QueueView,
  type RetryPolicy,
  TaskFlowError,
  type Timeouts,
  type WorkerId,
  type WorkerView,
} from '@taskflow/core'
import { listQueues, type QueueRow } from './queries/list-queues.ts'
import { listTaskTypes } from './queries/list-task-types.ts'
import { listWorkers, type WorkerRow } from './queries/list-workers.ts'
import { parseJson, toPriority } from './task-row.ts'

export function fleetStore(db: Database): FleetStore {
  return {
    async listWorkers(project, { limit, before }) {
      const rows = await db.run(listWorkers, [project, limit, before ?? null])
      return rows.map(toWorker)
    },

    async listQueues(project, { limit, after }) {
      const rows = await db.run(listQueues, [project, limit, after ?? null, null])
      return rows.map(toQueue)
    },

    async getQueue(project, name) {
      const [row] = await db.run(listQueues, [project, 1, null, name])
      if (!row) throw new TaskFlowError('QUEUE_NOT_FOUND', `There is no queue ${name}`, { details: { name } })
      return toQueue(row)
    },

    async listTaskTypes(project) {
      const rows = await db.run(listTaskTypes, [project])
      return rows.map((row) => ({
        type: row.type,
        queue: row.queue,
        priority: row.priority === null ? null : toPriority(row.priority),
        maxAttempts: row.max_attempts,
        retry: parseJson<RetryPolicy>(row.retry),
        timeouts: parseJson<Timeouts>(row.timeouts),
        inputSchema: row.input_schema,
      }))
    },
  }
}

function toWorker(row: WorkerRow): WorkerView {
  return {
    id: row.id as WorkerId,
    project: row.project,
    name: row.name,
    host: row.host,
    pid: row.pid,
    version: row.version,
    labels: row.labels,
    queues: row.queues,
    types: row.types,
    slots: row.slots,
    state: row.state as WorkerView['state'],
    running: row.running.map((each) => ({ ...each, startedAt: new Date(each.startedAt) })),
    loopLagMs: row.loop_lag_ms,
    sinceFetchMs: row.since_fetch_ms,
    startedAt: row.started_at,
    heartbeatAt: row.heartbeat_at,
  }
}

function toQueue(row: QueueRow): QueueView {
  return {
    name: row.queue,
    depth: row.depth,
    oldestQueuedMs: row.oldest_queued_ms,
    throughput: { succeeded: row.succeeded, failed: row.failed, cancelled: row.cancelled },
    countedAt: row.counted_at,
  }
}

import type { Database } from '@taskflow/database'
import { TaskFlowError } from '@taskflow/kernel'
import { UNFINISHED_STATES, type WorkerId } from '@taskflow/tasks'
import type { FleetStore, QueueView, WorkerState, WorkerView } from '../ports/fleet-store.ts'
import type { WorkerRequest } from '../ports/worker-store.ts'
import { listQueues, type QueueRow } from '../statements/list-queues.ts'
import { listWorkers, type WorkerRow } from '../statements/list-workers.ts'
import { requestWorker } from '../statements/request-worker.ts'

// Workers send a heartbeat each second. A worker shows as silent after two, and one late heartbeat may make it look silent
// for a moment; nothing but the display depends on this state.
const SHOWN_SILENT_AFTER_MS = 2_000
const NO_TASKS = Object.fromEntries(UNFINISHED_STATES.map((state) => [state, 0])) as QueueView['depth']

interface Deps {
  readonly db: Database
  /** A replica for lists that may be a moment old. The list of workers reads `db`: it must show a silent worker within 2 s. */
  readonly readDb: Database
}

/** Implements reads of workers and queues, and requests to workers. */
export function fleetStore({ db, readDb }: Deps): FleetStore {
  async function getWorker(project: string, id: WorkerId): Promise<WorkerView> {
    const [row] = await db.run(listWorkers, [project, 1, null, id, SHOWN_SILENT_AFTER_MS])
    if (!row) throw new TaskFlowError('WORKER_NOT_FOUND', `There is no worker ${id}`, { details: { id } })
    return toWorker(row)
  }

  async function request(project: string, id: WorkerId, verb: string, to: WorkerRequest | null): Promise<WorkerView> {
    const [accepted] = await db.run(requestWorker, [project, id, to])
    const worker = await getWorker(project, id)
    if (accepted) return worker
    throw new TaskFlowError('WORKER_STATE_CONFLICT', `Cannot ${verb} worker ${id}: it is ${worker.state}`, {
      details: { id, verb, state: worker.state },
    })
  }

  return {
    async listWorkers(project, { limit, before }) {
      const rows = await db.run(listWorkers, [project, limit, before ?? null, null, SHOWN_SILENT_AFTER_MS])
      return rows.map(toWorker)
    },

    getWorker,

    cordonWorker: (project, id) => request(project, id, 'cordon', 'cordon'),

    uncordonWorker: (project, id) => request(project, id, 'uncordon', null),

    drainWorker: (project, id) => request(project, id, 'drain', 'drain'),

    async listQueues(project, { limit, after }) {
      const rows = await readDb.run(listQueues, [project, limit, after ?? null, null])
      return rows.map(toQueue)
    },

    async getQueue(project, name) {
      const [row] = await db.run(listQueues, [project, 1, null, name])
      if (!row) throw new TaskFlowError('QUEUE_NOT_FOUND', `There is no queue ${name}`, { details: { name } })
      return toQueue(row)
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
    state: row.state as WorkerState,
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
    depth: { ...NO_TASKS, ...row.depth },
    oldestQueuedMs: row.oldest_queued_ms,
    throughput: { succeeded: row.succeeded, failed: row.failed, cancelled: row.cancelled },
    countedAt: row.counted_at,
  }
}

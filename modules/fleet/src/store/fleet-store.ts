import type { Database } from '@taskflow/database'
import { TaskFlowError } from '@taskflow/kernel'
import type { WorkerId } from '@taskflow/tasks'
import type { FleetStore, QueueView, WorkerState, WorkerView } from '../ports/fleet-store.ts'
import type { WorkerRequest } from '../ports/worker-store.ts'
import { listQueues, type QueueRow } from '../statements/list-queues.ts'
import { listWorkers, type WorkerRow } from '../statements/list-workers.ts'
import { requestWorker } from '../statements/request-worker.ts'

// Workers beat every second. What is said of them is true within two, so one beat that comes late may be taken for silence
// for a moment; nothing but what is shown depends on it.
const SILENT_AFTER_MS = 2_000

interface Deps {
  readonly db: Database
  /** For lists, which may be a moment old; but that of workers must show within two seconds who is alive. */
  readonly readDb: Database
}

export function fleetStore({ db, readDb }: Deps): FleetStore {
  async function getWorker(project: string, id: WorkerId): Promise<WorkerView> {
    const [row] = await db.run(listWorkers, [project, 1, null, id, SILENT_AFTER_MS])
    if (!row) throw new TaskFlowError('WORKER_NOT_FOUND', `There is no worker ${id}`, { details: { id } })
    return toWorker(row)
  }

  async function ask(project: string, id: WorkerId, verb: string, request: WorkerRequest | null): Promise<WorkerView> {
    const [requested] = await db.run(requestWorker, [project, id, request])
    const worker = await getWorker(project, id)
    if (requested) return worker
    throw new TaskFlowError('WORKER_STATE_CONFLICT', `Cannot ${verb} worker ${id}: it is ${worker.state}`, {
      details: { id, verb, state: worker.state },
    })
  }

  return {
    async listWorkers(project, { limit, before }) {
      const rows = await db.run(listWorkers, [project, limit, before ?? null, null, SILENT_AFTER_MS])
      return rows.map(toWorker)
    },

    getWorker,

    cordonWorker: (project, id) => ask(project, id, 'cordon', 'cordon'),

    uncordonWorker: (project, id) => ask(project, id, 'uncordon', null),

    drainWorker: (project, id) => ask(project, id, 'drain', 'drain'),

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
    depth: row.depth,
    oldestQueuedMs: row.oldest_queued_ms,
    throughput: { succeeded: row.succeeded, failed: row.failed, cancelled: row.cancelled },
    countedAt: row.counted_at,
  }
}

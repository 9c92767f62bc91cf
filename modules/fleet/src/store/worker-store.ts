import { columnsOf, type Database } from '@taskflow/database'
import type { TaskId, TaskTypeStore } from '@taskflow/tasks'
import type { WorkerRequest, WorkerStore } from '../ports/worker-store.ts'
import { deregisterWorker } from '../statements/deregister-worker.ts'
import { heartbeatWorker } from '../statements/heartbeat-worker.ts'
import { recordSettled } from '../statements/record-settled.ts'
import { registerWorker } from '../statements/register-worker.ts'

interface Deps extends Pick<TaskTypeStore, 'registerTaskTypes'> {
  readonly db: Database
}

/** Implements what workers report about themselves. */
export function workerStore({ db, registerTaskTypes }: Deps): WorkerStore {
  return {
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
      await registerTaskTypes(worker.project, types)
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
  }
}

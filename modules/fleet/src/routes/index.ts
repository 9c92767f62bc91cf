import type { RoomRoutes } from '@taskflow/http'
import type { FleetStore } from '../ports/fleet-store.ts'
import { cordonWorkerRoute } from './cordon-worker.ts'
import { drainWorkerRoute } from './drain-worker.ts'
import { getQueueRoute } from './get-queue.ts'
import { getWorkerRoute } from './get-worker.ts'
import { listQueuesRoute } from './list-queues.ts'
import { listWorkersRoute } from './list-workers.ts'
import { QueueView } from './queue-view.ts'
import { uncordonWorkerRoute } from './uncordon-worker.ts'
import { WorkerView } from './worker-view.ts'

export interface FleetRouteDeps {
  readonly storage: FleetStore
}

/** Serves workers and queues. */
export const fleetRoutes: RoomRoutes<FleetRouteDeps> = {
  schemas: [WorkerView, QueueView],

  async register(app, { storage }) {
    await app.register(listWorkersRoute, { storage })
    await app.register(getWorkerRoute, { storage })
    await app.register(cordonWorkerRoute, { storage })
    await app.register(uncordonWorkerRoute, { storage })
    await app.register(drainWorkerRoute, { storage })
    await app.register(listQueuesRoute, { storage })
    await app.register(getQueueRoute, { storage })
  },
}

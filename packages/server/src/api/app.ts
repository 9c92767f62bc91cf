import type { Clock, Ids, Storage, Wakeups } from '@taskflow/core'
import { TaskTypes } from '@taskflow/intake'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { requireAuthentication } from '../auth/authenticate.ts'
import { Authenticator } from '../auth/authenticator.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { VERSION } from '../version.ts'
import { bareApp } from './bare-app.ts'
import { ApiKeyView, CreatedApiKeyView } from './keys/api-key-view.ts'
import { createApiKeyRoute } from './keys/create-api-key.ts'
import { listApiKeysRoute } from './keys/list-api-keys.ts'
import { revokeApiKeyRoute } from './keys/revoke-api-key.ts'
import { describeApi, serveDocs } from './plugins/docs.ts'
import { getQueueRoute } from './queues/get-queue.ts'
import { listQueuesRoute } from './queues/list-queues.ts'
import { QueueView } from './queues/queue-view.ts'
import { type HealthSources, healthRoute } from './system/health.ts'
import { meRoute } from './system/me.ts'
import { metricsRoute } from './system/metrics.ts'
import { readyRoute } from './system/ready.ts'
import { cancelTaskRoute } from './tasks/cancel-task.ts'
import { editTaskRoute } from './tasks/edit-task.ts'
import { FinishWatch } from './tasks/finish-watch.ts'
import { getTaskRoute } from './tasks/get-task.ts'
import { AttemptView, listAttemptsRoute } from './tasks/list-attempts.ts'
import { listEventsRoute, TaskEventView } from './tasks/list-events.ts'
import { LogLineView, listLogsRoute } from './tasks/list-logs.ts'
import { listTasksRoute } from './tasks/list-tasks.ts'
import { redriveTaskRoute } from './tasks/redrive-task.ts'
import { submitTaskRoute } from './tasks/submit-task.ts'
import { submitTasksRoute } from './tasks/submit-tasks.ts'
import { TaskView } from './tasks/task-view.ts'
import { cordonWorkerRoute } from './workers/cordon-worker.ts'
import { drainWorkerRoute } from './workers/drain-worker.ts'
import { getWorkerRoute } from './workers/get-worker.ts'
import { listWorkersRoute } from './workers/list-workers.ts'
import { uncordonWorkerRoute } from './workers/uncordon-worker.ts'
import { WorkerView } from './workers/worker-view.ts'

export interface ApiDeps extends HealthSources {
  readonly storage: Storage
  readonly wakeups: Wakeups
  readonly metrics: Metrics
  readonly clock: Clock
  readonly ids: Ids
  readonly log: FastifyBaseLogger
  readonly settings: {
    readonly maxPayloadBytes: number
    readonly roles: readonly string[]
  }
  /** A key of an administrator that is not stored. */
  readonly adminToken?: string | undefined
}

const SHARED_SCHEMAS = [
  TaskView,
  AttemptView,
  TaskEventView,
  LogLineView,
  WorkerView,
  QueueView,
  ApiKeyView,
  CreatedApiKeyView,
]

/** The HTTP API over what is stored. Closing it ends the replies that are held. */
export async function buildApp(deps: ApiDeps): Promise<FastifyInstance> {
  const app = bareApp(deps)
  for (const schema of SHARED_SCHEMAS) app.addSchema(schema)
  await describeApi(app, VERSION)
  await app.register(async (scope) => openRoutes(scope, deps))
  await app.register(async (scope) => guardedRoutes(scope, deps))
  return app
}

/** Nothing else is open. */
async function openRoutes(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  const { storage, clock, settings, pingBroker, workerHealth } = deps
  await app.register(healthRoute, { storage, clock, version: VERSION, roles: settings.roles, pingBroker, workerHealth })
  await app.register(readyRoute, { storage })
  await serveDocs(app)
}

async function guardedRoutes(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  const { storage, wakeups, metrics, clock, ids, log, adminToken } = deps
  const { maxPayloadBytes } = deps.settings
  const authenticator = new Authenticator({ storage, clock, adminToken })
  const types = new TaskTypes({ storage, clock, log })
  const watch = new FinishWatch({ storage, wakeups, clock })
  app.addHook('preClose', () => watch.close())
  requireAuthentication(app, authenticator)

  await app.register(submitTaskRoute, { storage, types, ids, maxPayloadBytes })
  await app.register(submitTasksRoute, { storage, types, ids, maxPayloadBytes })
  await app.register(getTaskRoute, { storage, watch })
  await app.register(listTasksRoute, { storage })
  await app.register(editTaskRoute, { storage, types, maxPayloadBytes })
  await app.register(cancelTaskRoute, { storage })
  await app.register(redriveTaskRoute, { storage, types, maxPayloadBytes })
  await app.register(listAttemptsRoute, { storage })
  await app.register(listEventsRoute, { storage })
  await app.register(listLogsRoute, { storage })
  await app.register(listWorkersRoute, { storage })
  await app.register(getWorkerRoute, { storage })
  await app.register(cordonWorkerRoute, { storage })
  await app.register(uncordonWorkerRoute, { storage })
  await app.register(drainWorkerRoute, { storage })
  await app.register(listQueuesRoute, { storage })
  await app.register(getQueueRoute, { storage })
  await app.register(createApiKeyRoute, { storage, ids })
  await app.register(listApiKeysRoute, { storage })
  await app.register(revokeApiKeyRoute, { storage, authenticator })
  await app.register(metricsRoute, { metrics })
  await app.register(meRoute)
}

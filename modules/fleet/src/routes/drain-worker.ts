import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { principalOf, problems, ref } from '@taskflow/http'
import type { WorkerId } from '@taskflow/tasks'
import { closed } from '@taskflow/validation'
import type { FleetStore } from '../ports/fleet-store.ts'
import { WorkerParams, WorkerView, workerView } from './worker-view.ts'

interface Deps {
  readonly storage: Pick<FleetStore, 'drainWorker'>
}

/** POST /v1/workers/:id/drain */
export const drainWorkerRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.post(
    '/v1/workers/:id/drain',
    {
      schema: {
        operationId: 'drainWorker',
        summary: 'Drain a worker',
        description:
          'Stops the worker from claiming tasks and lets its running attempts finish. The worker releases those that have not finished within its `TASKFLOW_DRAIN_MS`, without using an attempt. It stays draining until its process stops or it is uncordoned.',
        tags: ['workers'],
        params: WorkerParams,
        body: closed({}),
        response: { 200: ref(WorkerView), ...problems(404, 409, 413, 415) },
      },
      config: { permission: 'workers:drain', isBodyOptional: true },
    },
    async (request) =>
      workerView(await storage.drainWorker(principalOf(request).project, request.params.id as WorkerId)),
  )
}

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { principalOf, problems, ref } from '@taskflow/http'
import type { WorkerId } from '@taskflow/tasks'
import { closed } from '@taskflow/validation'
import type { FleetStore } from '../ports/fleet-store.ts'
import { WorkerParams, WorkerView, workerView } from './worker-view.ts'

interface Deps {
  readonly storage: Pick<FleetStore, 'uncordonWorker'>
}

/** POST /v1/workers/:id/uncordon */
export const uncordonWorkerRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.post(
    '/v1/workers/:id/uncordon',
    {
      schema: {
        operationId: 'uncordonWorker',
        summary: 'Uncordon a worker',
        description:
          'Lets the worker claim tasks again. Also ends a drain, but does not return the tasks that the drain has already released.',
        tags: ['workers'],
        params: WorkerParams,
        body: closed({}),
        response: { 200: ref(WorkerView), ...problems(404, 409, 413, 415) },
      },
      config: { permission: 'workers:cordon', isBodyOptional: true },
    },
    async (request) =>
      workerView(await storage.uncordonWorker(principalOf(request).project, request.params.id as WorkerId)),
  )
}

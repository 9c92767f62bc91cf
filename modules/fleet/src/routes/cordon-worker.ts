import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { principalOf, problems, ref } from '@taskflow/http'
import type { WorkerId } from '@taskflow/tasks'
import { closed } from '@taskflow/validation'
import type { FleetStore } from '../ports/fleet-store.ts'
import { WorkerParams, WorkerView, workerView } from './worker-view.ts'

interface Deps {
  readonly storage: Pick<FleetStore, 'cordonWorker'>
}

/** POST /v1/workers/:id/cordon */
export const cordonWorkerRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.post(
    '/v1/workers/:id/cordon',
    {
      schema: {
        operationId: 'cordonWorker',
        summary: 'Cordon a worker',
        description:
          'Stops the worker from claiming tasks; its running attempts continue. Claims that begin after the reply get no task. Repeating the request changes nothing.',
        tags: ['workers'],
        params: WorkerParams,
        body: closed({}),
        response: { 200: ref(WorkerView), ...problems(404, 409, 413, 415) },
      },
      config: { permission: 'workers:cordon', isBodyOptional: true },
    },
    async (request) =>
      workerView(await storage.cordonWorker(principalOf(request).project, request.params.id as WorkerId)),
  )
}

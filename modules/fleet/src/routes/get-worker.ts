import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { principalOf, problems, ref, sendTagged } from '@taskflow/http'
import type { WorkerId } from '@taskflow/tasks'
import type { FleetStore } from '../ports/fleet-store.ts'
import { WorkerParams, WorkerView, workerView } from './worker-view.ts'

interface Deps {
  readonly storage: Pick<FleetStore, 'getWorker'>
}

/** GET /v1/workers/:id */
export const getWorkerRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/v1/workers/:id',
    {
      schema: {
        operationId: 'getWorker',
        summary: 'Get a worker',
        description:
          'Returns the worker with the tasks that it runs. `If-None-Match` avoids sending an unchanged worker again.',
        tags: ['workers'],
        params: WorkerParams,
        response: {
          200: ref(WorkerView),
          304: Type.Null({ description: 'The worker has not changed: its ETag matches `If-None-Match`' }),
          ...problems(404),
        },
      },
      config: { permission: 'workers:read' },
    },
    async (request, reply) => {
      const worker = await storage.getWorker(principalOf(request).project, request.params.id as WorkerId)
      return sendTagged(request, reply, workerView(worker))
    },
  )
}

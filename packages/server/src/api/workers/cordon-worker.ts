import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FleetStore, WorkerId } from '@taskflow/core'
import { closed } from '@taskflow/intake'
import { principalOf } from '../../auth/principal.ts'
import { problems } from '../schemas/problem.ts'
import { ref } from '../schemas/text.ts'
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
        summary: 'Let a worker take nothing more',
        description: 'What it runs goes on. It hears of it at once, or with its next heartbeat, each second.',
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

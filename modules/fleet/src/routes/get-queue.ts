import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { principalOf, problems, ref, sendTagged } from '@taskflow/http'
import { name } from '@taskflow/validation'
import type { FleetStore } from '../ports/fleet-store.ts'
import { QueueView, queueView } from './queue-view.ts'

interface Deps {
  readonly storage: Pick<FleetStore, 'getQueue'>
}

/** GET /v1/queues/:name */
export const getQueueRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/v1/queues/:name',
    {
      schema: {
        operationId: 'getQueue',
        summary: 'Get a queue',
        tags: ['queues'],
        params: Type.Object({ name: name('The queue') }),
        response: {
          200: ref(QueueView),
          304: Type.Null({ description: 'As `If-None-Match` has it' }),
          ...problems(404),
        },
      },
      config: { permission: 'queues:read' },
    },
    async (request, reply) => {
      const queue = await storage.getQueue(principalOf(request).project, request.params.name)
      return sendTagged(request, reply, queueView(queue))
    },
  )
}

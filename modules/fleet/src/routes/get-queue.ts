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
        description:
          'Returns the queue with its latest counts. `If-None-Match` avoids sending an unchanged queue again. A queue exists once a task has been submitted to it.',
        tags: ['queues'],
        params: Type.Object({ name: name('The queue') }),
        response: {
          200: ref(QueueView),
          304: Type.Null({ description: 'The queue has not changed: its ETag matches `If-None-Match`' }),
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

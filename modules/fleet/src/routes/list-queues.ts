import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { PageQuery, pageOf, principalOf, problems, readPage, ref } from '@taskflow/http'
import { isName } from '@taskflow/kernel'
import { closed } from '@taskflow/validation'
import type { FleetStore } from '../ports/fleet-store.ts'
import { QueueView, queueView } from './queue-view.ts'

interface Deps {
  readonly storage: Pick<FleetStore, 'listQueues'>
}

/** GET /v1/queues */
export const listQueuesRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/v1/queues',
    {
      schema: {
        operationId: 'listQueues',
        summary: 'List queues',
        description:
          'Returns a page of queues by name. The coordinator counts their tasks every 1 to 5 seconds, less often when counting is slow; `countedAt` is the time of the count.',
        tags: ['queues'],
        querystring: closed(PageQuery),
        response: { 200: pageOf(ref(QueueView)), ...problems() },
      },
      config: { permission: 'queues:read' },
    },
    async (request) => {
      const { project } = principalOf(request)
      const page = await readPage(request.query, {
        read: (range) => storage.listQueues(project, range),
        positionOf: (queue) => queue.name,
        isPosition: isName,
      })
      return { ...page, items: page.items.map(queueView) }
    },
  )
}

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type FleetStore, isName } from '@taskflow/core'
import { closed } from '@taskflow/intake'
import { principalOf } from '../../auth/principal.ts'
import { readPage } from '../cursor.ts'
import { PageQuery, pageOf } from '../schemas/page.ts'
import { problems } from '../schemas/problem.ts'
import { ref } from '../schemas/text.ts'
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
        description: 'By name. Counts are as the coordinator last took them; no request counts.',
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

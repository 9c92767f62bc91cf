import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { PageQuery, pageOf, principalOf, problems, readPage, ref } from '@taskflow/http'
import { isUuid } from '@taskflow/kernel'
import type { WorkerId } from '@taskflow/tasks'
import { closed } from '@taskflow/validation'
import type { FleetStore } from '../ports/fleet-store.ts'
import { WorkerView, workerView } from './worker-view.ts'

interface Deps {
  readonly storage: Pick<FleetStore, 'listWorkers'>
}

/** GET /v1/workers */
export const listWorkersRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/v1/workers',
    {
      schema: {
        operationId: 'listWorkers',
        summary: 'List workers',
        description:
          'Returns a page of workers, newest first. Workers that are lost or have stopped stay in the list for a day.',
        tags: ['workers'],
        querystring: closed(PageQuery),
        response: { 200: pageOf(ref(WorkerView)), ...problems() },
      },
      config: { permission: 'workers:read' },
    },
    async (request) => {
      const { project } = principalOf(request)
      const page = await readPage(request.query, {
        read: ({ limit, after }) =>
          storage.listWorkers(project, { limit, ...(after !== undefined && { before: after as WorkerId }) }),
        positionOf: (worker) => worker.id,
        isPosition: isUuid,
      })
      return { ...page, items: page.items.map(workerView) }
    },
  )
}

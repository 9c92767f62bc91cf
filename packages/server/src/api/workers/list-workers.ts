import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import { type FleetStore, isUuid, WORKER_STATES, type WorkerView as Worker, type WorkerId } from '@taskflow/core'
import { principalOf } from '../../auth/principal.ts'
import { readPage } from '../cursor.ts'
import { PageQuery, pageOf } from '../schemas/page.ts'
import { problems } from '../schemas/problem.ts'
import { closed, Id, Moment, ref } from '../schemas/text.ts'

interface Deps {
  readonly storage: Pick<FleetStore, 'listWorkers'>
}

export const WorkerView = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'Of this incarnation: a new one each time the process starts' }),
    project: Type.String(),
    name: Type.String(),
    host: Type.String(),
    pid: Type.Integer(),
    version: Type.String(),
    labels: Type.Unsafe<Readonly<Record<string, string>>>({ type: 'object', additionalProperties: { type: 'string' } }),
    queues: Type.Array(Type.String()),
    types: Type.Array(Type.String()),
    slots: Type.Integer(),
    state: Type.Enum([...WORKER_STATES]),
    running: Type.Array(Type.Object({ taskId: Id, type: Type.String(), startedAt: Moment }), {
      description: 'At most 200 of them',
    }),
    loopLagMs: Type.Number({ description: 'How late the loop of its handlers answers' }),
    sinceFetchMs: Type.Number({ description: 'Since it last looked for tasks' }),
    startedAt: Moment,
    heartbeatAt: Moment,
  },
  { $id: 'Worker' },
)

/** GET /v1/workers */
export const listWorkersRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/v1/workers',
    {
      schema: {
        operationId: 'listWorkers',
        summary: 'List workers',
        description: 'Newest first; those that ended are kept for a day.',
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

function workerView(worker: Worker): Static<typeof WorkerView> {
  return {
    ...worker,
    queues: [...worker.queues],
    types: [...worker.types],
    running: worker.running.map((task) => ({ ...task, startedAt: task.startedAt.toISOString() })),
    startedAt: worker.startedAt.toISOString(),
    heartbeatAt: worker.heartbeatAt.toISOString(),
  }
}

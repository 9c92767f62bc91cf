import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import { Moment, PageQuery, pageOf, principalOf, problems, ref, slicePage } from '@taskflow/http'
import { closed, nullable } from '@taskflow/validation'
import type { TaskEvent } from '../domain/history.ts'
import type { TaskId } from '../domain/task.ts'
import type { TaskStore } from '../ports/task-store.ts'
import { TaskParams } from './task-params.ts'

interface Deps {
  readonly storage: Pick<TaskStore, 'listEvents'>
}

export const TaskEventView = Type.Object(
  {
    kind: Type.String({ description: '`task.created`, `task.started`, `task.retried`, `task.succeeded` …' }),
    at: Moment,
    actor: nullable(Type.String({ description: 'Who did it; null where the system did' })),
    detail: Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', additionalProperties: true }),
  },
  { $id: 'TaskEvent' },
)

/** GET /v1/tasks/:id/events */
export const listEventsRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/v1/tasks/:id/events',
    {
      schema: {
        operationId: 'listEvents',
        summary: 'List what happened to a task',
        description: 'Oldest first.',
        tags: ['tasks'],
        params: TaskParams,
        querystring: closed(PageQuery),
        response: { 200: pageOf(ref(TaskEventView)), ...problems(404) },
      },
      config: { permission: 'tasks:read' },
    },
    async (request) => {
      const events = await storage.listEvents(principalOf(request).project, request.params.id as TaskId)
      return slicePage(request.query, events.map(eventView))
    },
  )
}

function eventView(event: TaskEvent): Static<typeof TaskEventView> {
  return { ...event, at: event.at.toISOString() }
}

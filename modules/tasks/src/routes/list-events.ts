import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import { Moment, PageQuery, pageOf, principalOf, problems, readPage, ref } from '@taskflow/http'
import { closed, nullable } from '@taskflow/validation'
import { type PlacedEvent, readPlace } from '../domain/history.ts'
import type { TaskId } from '../domain/task.ts'
import type { TaskStore } from '../ports/task-store.ts'
import { TaskParams } from './task-params.ts'

interface Deps {
  readonly storage: Pick<TaskStore, 'listEvents'>
}

/** An event in the history of a task as the API shows it. */
export const TaskEventView = Type.Object(
  {
    kind: Type.String({
      description: 'The kind of the event, such as `task.created`, `task.started`, `task.retried` or `task.succeeded`',
    }),
    at: Moment,
    actor: nullable(Type.String({ description: 'Who did it; null for TaskFlow itself' })),
    detail: Type.Unsafe<Readonly<Record<string, unknown>>>({
      type: 'object',
      additionalProperties: true,
      description: 'Further facts about the event; the fields depend on `kind`',
    }),
  },
  {
    $id: 'TaskEvent',
    examples: [
      {
        kind: 'task.cancelRequested',
        at: '2026-01-01T00:00:01.300Z',
        actor: 'key:ops',
        detail: { reason: 'The customer withdrew the order' },
      },
    ],
  },
)

/** GET /v1/tasks/:id/events */
export const listEventsRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/v1/tasks/:id/events',
    {
      schema: {
        operationId: 'listEvents',
        summary: 'List the events of a task',
        description: 'Returns a page of the history of the task, oldest first: what happened, when, and who did it.',
        tags: ['tasks'],
        params: TaskParams,
        querystring: closed(PageQuery),
        response: { 200: pageOf(ref(TaskEventView)), ...problems(404) },
      },
      config: { permission: 'tasks:read' },
    },
    async (request) => {
      const { project } = principalOf(request)
      const page = await readPage(request.query, {
        read: (range) => storage.listEvents(project, request.params.id as TaskId, range),
        positionOf: (event) => event.cursor,
        isPosition: (text) => readPlace(text) !== undefined,
      })
      return { ...page, items: page.items.map(eventView) }
    },
  )
}

function eventView({ kind, at, actor, detail }: PlacedEvent): Static<typeof TaskEventView> {
  return { kind, at: at.toISOString(), actor, detail }
}

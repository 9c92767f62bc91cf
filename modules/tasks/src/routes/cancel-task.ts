import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { principalOf, problems, ref } from '@taskflow/http'
import { closed } from '@taskflow/validation'
import type { TaskId } from '../domain/task.ts'
import { taskView } from '../domain/task-view.ts'
import type { TaskStore } from '../ports/task-store.ts'
import { TaskParams } from './task-params.ts'
import { TaskView } from './task-view.ts'

interface Deps {
  readonly storage: Pick<TaskStore, 'cancelTask'>
}

/** POST /v1/tasks/:id/cancel */
export const cancelTaskRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.post(
    '/v1/tasks/:id/cancel',
    {
      schema: {
        operationId: 'cancelTask',
        summary: 'Cancel a task',
        description:
          'Ends a waiting task at once. A running task receives a request to stop: the AbortSignal of its handler fires, and the reply shows `cancelRequestedAt`. Replies 409 when the task has finished.',
        tags: ['tasks'],
        params: TaskParams,
        body: closed(
          {
            reason: Type.Optional(Type.String({ maxLength: 500, description: 'Recorded in the history of the task' })),
          },
          { examples: [{ reason: 'The customer withdrew the order' }] },
        ),
        response: { 200: ref(TaskView), ...problems(404, 409, 413, 415) },
      },
      config: { permission: 'tasks:cancel', isBodyOptional: true },
    },
    async (request) => {
      const { project, actor } = principalOf(request)
      const { params, body } = request
      return taskView(await storage.cancelTask(params.id as TaskId, { project, actor }, body.reason ?? null))
    },
  )
}

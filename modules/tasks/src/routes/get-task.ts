import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { principalOf, problems, ref, sendTagged } from '@taskflow/http'
import { closed } from '@taskflow/validation'
import type { FastifyRequest } from 'fastify'
import type { Task, TaskId } from '../domain/task.ts'
import { isFinished } from '../domain/task-state.ts'
import { taskView } from '../domain/task-view.ts'
import type { TaskStore } from '../ports/task-store.ts'
import type { FinishWatch } from './finish-watch.ts'
import { TaskParams } from './task-params.ts'
import { TaskView } from './task-view.ts'

type Held = Pick<FastifyRequest, 'isHeld' | 'signal'>

interface Deps {
  readonly storage: Pick<TaskStore, 'getTask'>
  readonly watch: Pick<FinishWatch, 'wait'>
}

const MAX_WAIT_MS = 60_000

/** GET /v1/tasks/:id */
export const getTaskRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage, watch }) => {
  async function getTask(project: string, id: TaskId, waitMs: number, request: Held): Promise<Task> {
    const task = await storage.getTask(project, id)
    if (waitMs === 0 || isFinished(task.state)) return task
    request.isHeld = true
    await watch.wait(id, waitMs, request.signal)
    return storage.getTask(project, id)
  }

  app.get(
    '/v1/tasks/:id',
    {
      schema: {
        operationId: 'getTask',
        summary: 'Get a task',
        description:
          'Returns the task with its payload, result and progress. With `waitMs`, the reply waits until the task has finished or the time is up. `If-None-Match` avoids sending an unchanged task again.',
        tags: ['tasks'],
        params: TaskParams,
        querystring: closed({
          waitMs: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: MAX_WAIT_MS,
              description: 'How long to wait for the end of the task, in milliseconds; default 0',
            }),
          ),
        }),
        response: {
          200: ref(TaskView),
          304: Type.Null({ description: 'The task has not changed: its ETag matches `If-None-Match`' }),
          ...problems(404),
        },
      },
      config: { permission: 'tasks:read' },
    },
    async (request, reply) => {
      const { project } = principalOf(request)
      const { waitMs = 0 } = request.query
      const task = await getTask(project, request.params.id as TaskId, waitMs, request)
      return sendTagged(request, reply, taskView(task))
    },
  )
}

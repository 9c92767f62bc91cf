import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { etagOf, principalOf, problems, ref, refuseUnlessMatched } from '@taskflow/http'
import { refuseInvalidPayload } from '../admission/input-schema.ts'
import { payloadText } from '../admission/new-task.ts'
import { bodyLimitFor, TaskEditBody } from '../admission/task-fields.ts'
import type { TaskTypes } from '../admission/task-types.ts'
import type { Task, TaskId } from '../domain/task.ts'
import { taskView } from '../domain/task-view.ts'
import type { TaskEdit, TaskStore } from '../ports/task-store.ts'
import { TaskParams } from './task-params.ts'
import { TaskView } from './task-view.ts'

interface Deps {
  readonly storage: Pick<TaskStore, 'getTask' | 'editTask'>
  readonly types: TaskTypes
  readonly maxPayloadBytes: number
}

/** PATCH /v1/tasks/:id */
export const editTaskRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage, types, maxPayloadBytes }) => {
  async function editOf({ payload, runAt, ...rest }: TaskEditBody, task: Task): Promise<TaskEdit> {
    if (payload !== undefined) refuseInvalidPayload(await types.find(task.project, task.type), payload)
    return {
      ...rest,
      ...(payload !== undefined && { payload: payloadText(payload, maxPayloadBytes) }),
      ...(runAt !== undefined && { runAt: runAt === null ? null : new Date(runAt) }),
    }
  }

  app.patch(
    '/v1/tasks/:id',
    {
      schema: {
        operationId: 'editTask',
        summary: 'Edit a waiting task',
        description:
          'Changes the given fields of a task that neither runs nor has finished, and leaves the other fields. With `If-Match`, the edit succeeds only if the task has not changed since it was read; otherwise the reply is 412.',
        tags: ['tasks'],
        params: TaskParams,
        headers: Type.Object({
          'if-match': Type.Optional(Type.String({ description: 'The ETag of the task as it was read' })),
        }),
        body: TaskEditBody,
        response: { 200: ref(TaskView), ...problems(404, 409, 412, 413, 415, 422) },
      },
      config: { permission: 'tasks:edit' },
      bodyLimit: bodyLimitFor(maxPayloadBytes),
    },
    async (request, reply) => {
      const { project, actor } = principalOf(request)
      const task = await storage.getTask(project, request.params.id as TaskId)
      refuseUnlessMatched(request, taskView(task), `Task ${task.id}`)
      const ifVersion = request.headers['if-match'] === undefined ? undefined : task.version
      const edited = await storage.editTask(task.id, await editOf(request.body, task), { project, actor }, ifVersion)
      const view = taskView(edited)
      return reply.header('etag', etagOf(view)).send(view)
    },
  )
}

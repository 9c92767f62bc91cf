import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { principalOf, problems, ref } from '@taskflow/http'
import { refuseInvalidPayload } from '../admission/input-schema.ts'
import { payloadText } from '../admission/new-task.ts'
import { bodyLimitFor, RedriveBody } from '../admission/task-fields.ts'
import type { TaskTypes } from '../admission/task-types.ts'
import type { TaskId } from '../domain/task.ts'
import { taskView } from '../domain/task-view.ts'
import type { TaskStore } from '../ports/task-store.ts'
import { TaskParams } from './task-params.ts'
import { TaskView } from './task-view.ts'

interface Deps {
  readonly storage: Pick<TaskStore, 'getTask' | 'redriveTask'>
  readonly types: TaskTypes
  readonly maxPayloadBytes: number
}

/** POST /v1/tasks/:id/redrive */
export const redriveTaskRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage, types, maxPayloadBytes }) => {
  async function editedPayload(project: string, id: TaskId, payload: unknown): Promise<string | null> {
    if (payload === undefined) return null
    const { type } = await storage.getTask(project, id)
    refuseInvalidPayload(await types.find(project, type), payload)
    return payloadText(payload, maxPayloadBytes)
  }

  app.post(
    '/v1/tasks/:id/redrive',
    {
      schema: {
        operationId: 'redriveTask',
        summary: 'Redrive a finished task',
        description:
          'Sends the task back to its queue and counts its attempts from zero. A given `payload` replaces the payload of the task. Replies 409 when the task has not finished.',
        tags: ['tasks'],
        params: TaskParams,
        body: RedriveBody,
        response: { 200: ref(TaskView), ...problems(404, 409, 413, 415, 422) },
      },
      config: { permission: 'tasks:redrive', isBodyOptional: true },
      bodyLimit: bodyLimitFor(maxPayloadBytes),
    },
    async (request) => {
      const { project, actor } = principalOf(request)
      const id = request.params.id as TaskId
      const payload = await editedPayload(project, id, request.body.payload)
      return taskView(await storage.redriveTask(id, { project, actor }, payload))
    },
  )
}

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { principalOf, problems, ref } from '@taskflow/http'
import { type AdmitDeps, admitTask } from '../admission/admit.ts'
import { IdempotencyHeaders, idempotencyOf } from '../admission/idempotency.ts'
import { readBody } from '../admission/read-task.ts'
import { bodyLimitFor, NewTaskBody } from '../admission/task-fields.ts'
import { submittedView } from '../domain/complete-task.ts'
import type { TaskStore } from '../ports/task-store.ts'
import { TaskView } from './task-view.ts'

interface Deps extends AdmitDeps {
  readonly storage: Pick<TaskStore, 'submitTasks'>
}

/** POST /v1/tasks */
export const submitTaskRoute: FastifyPluginAsyncTypebox<Deps> = async (app, deps) => {
  const { storage, maxPayloadBytes } = deps
  app.post(
    '/v1/tasks',
    {
      schema: {
        operationId: 'submitTask',
        summary: 'Submit a task',
        description:
          'Stores a task and returns it. The task is durable before the reply. Repeat a failed request with the same `Idempotency-Key` to store the task only once; a repeated reply has the header `Idempotent-Replayed: true`.',
        tags: ['tasks'],
        headers: IdempotencyHeaders,
        body: NewTaskBody,
        response: { 201: ref(TaskView), ...problems(409, 413, 415, 422) },
      },
      config: { permission: 'tasks:submit' },
      bodyLimit: bodyLimitFor(maxPayloadBytes),
    },
    async (request, reply) => {
      const { body, headers } = request
      const principal = principalOf(request)
      const { project } = principal
      const task = await admitTask(readBody(body), principal, deps)
      const idempotency = idempotencyOf(headers['idempotency-key'], 'POST /v1/tasks', body)
      const submitted = await storage.submitTasks({ project, tasks: [task], ...idempotency })
      const [id = task.id] = submitted.ids
      const [stored] = submitted.tasks ?? []
      if (submitted.replayed) reply.header('idempotent-replayed', 'true')
      return reply
        .code(201)
        .header('location', `/v1/tasks/${id}`)
        .send(submittedView(stored ?? task, id, submitted.createdAt, stored ? undefined : (body.payload ?? null)))
    },
  )
}

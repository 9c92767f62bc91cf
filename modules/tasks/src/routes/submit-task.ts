import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { principalOf, problems, ref } from '@taskflow/http'
import { type AdmitDeps, admitTask, requestedTask } from '../admission/admit.ts'
import { IdempotencyHeaders, idempotencyOf } from '../admission/idempotency.ts'
import { readBody } from '../admission/read-task.ts'
import { submitOrReplay } from '../admission/submit-or-replay.ts'
import { bodyLimitFor, NewTaskBody } from '../admission/task-fields.ts'
import { submittedView } from '../domain/complete-task.ts'
import type { NewTask, TaskId } from '../domain/task.ts'
import type { TaskStore } from '../ports/task-store.ts'
import { TaskView } from './task-view.ts'

interface Deps extends AdmitDeps {
  readonly storage: Pick<TaskStore, 'submitTasks' | 'findSubmitted'>
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
      const read = readBody(body)
      const key = idempotencyOf(headers['idempotency-key'], 'POST /v1/tasks', body, () =>
        requestedTask(read, principal),
      )
      const submitted = await submitOrReplay(storage, { project, ...key }, async () => [
        await admitTask(read, principal, deps),
      ])
      const [id] = submitted.ids as readonly [TaskId]
      const [task] = submitted.tasks as readonly [NewTask]
      if (submitted.replayed) reply.header('idempotent-replayed', 'true')
      return reply
        .code(201)
        .header('location', `/v1/tasks/${id}`)
        .send(
          submittedView(
            task,
            id,
            submitted.createdAt,
            task.payload === read.payload ? (body.payload ?? null) : undefined,
          ),
        )
    },
  )
}

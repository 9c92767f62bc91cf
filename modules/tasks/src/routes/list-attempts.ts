import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import { Id, Moment, PageQuery, pageOf, principalOf, problems, ref, slicePage } from '@taskflow/http'
import { iso } from '@taskflow/kernel'
import { closed, nullable } from '@taskflow/validation'
import { ATTEMPT_OUTCOMES, type Attempt, type TaskId } from '../domain/task.ts'
import type { TaskStore } from '../ports/task-store.ts'
import { TaskParams } from './task-params.ts'
import { FailureView } from './task-view.ts'

interface Deps {
  readonly storage: Pick<TaskStore, 'listAttempts'>
}

export const AttemptView = Type.Object(
  {
    id: Id,
    attempt: Type.Integer({ description: 'From 1' }),
    workerId: Id,
    startedAt: Moment,
    endedAt: nullable(Moment),
    outcome: Type.Enum([...ATTEMPT_OUTCOMES]),
    error: nullable(FailureView),
  },
  { $id: 'Attempt' },
)

/** GET /v1/tasks/:id/attempts */
export const listAttemptsRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/v1/tasks/:id/attempts',
    {
      schema: {
        operationId: 'listAttempts',
        summary: 'List the attempts of a task',
        description: 'Oldest first, the one that runs or that ended the task included.',
        tags: ['tasks'],
        params: TaskParams,
        querystring: closed(PageQuery),
        response: { 200: pageOf(ref(AttemptView)), ...problems(404) },
      },
      config: { permission: 'tasks:read' },
    },
    async (request) => {
      const attempts = await storage.listAttempts(principalOf(request).project, request.params.id as TaskId)
      return slicePage(request.query, attempts.map(attemptView))
    },
  )
}

function attemptView(attempt: Attempt): Static<typeof AttemptView> {
  return {
    ...attempt,
    startedAt: attempt.startedAt.toISOString(),
    endedAt: iso(attempt.endedAt),
    error: attempt.error,
  }
}

import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import { ATTEMPT_OUTCOMES, type Attempt, iso, type TaskId, type TaskStore } from '@taskflow/core'
import { closed, nullable } from '@taskflow/intake'
import { principalOf } from '../../auth/principal.ts'
import { slicePage } from '../cursor.ts'
import { PageQuery, pageOf } from '../schemas/page.ts'
import { problems } from '../schemas/problem.ts'
import { Id, Moment, ref } from '../schemas/text.ts'
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

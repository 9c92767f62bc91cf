import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import { Id, Moment, PageQuery, pageOf, principalOf, problems, readPage, ref } from '@taskflow/http'
import { iso, isUuid } from '@taskflow/kernel'
import { closed, nullable } from '@taskflow/validation'
import { taskFailure } from '../domain/failures.ts'
import { ATTEMPT_OUTCOMES, type Attempt, type TaskId } from '../domain/task.ts'
import type { TaskStore } from '../ports/task-store.ts'
import { TaskParams } from './task-params.ts'
import { FailureView } from './task-view.ts'

interface Deps {
  readonly storage: Pick<TaskStore, 'listAttempts'>
}

/** An attempt as the API shows it. */
export const AttemptView = Type.Object(
  {
    id: Id,
    attempt: Type.Integer({
      description:
        'The number of the attempt, from 1; a snoozed, released or rescued attempt shares its number with the next one',
    }),
    workerId: { ...Id, description: 'The worker that ran the attempt' },
    startedAt: Moment,
    endedAt: nullable({ ...Moment, description: 'Null while the attempt runs' }),
    outcome: Type.Enum([...ATTEMPT_OUTCOMES], { description: 'How the attempt ended' }),
    error: nullable({ ...FailureView, description: 'Why the attempt failed; null when it did not' }),
  },
  {
    $id: 'Attempt',
    examples: [
      {
        id: '019b76da-a878-7d06-a5c3-91e40b7f28d6',
        attempt: 1,
        workerId: '019b76da-a800-7c41-8d3a-2f6b90e1a754',
        startedAt: '2026-01-01T00:00:00.120Z',
        endedAt: '2026-01-01T00:00:02.480Z',
        outcome: 'timedOut',
        error: taskFailure('TimedOut', 'The attempt ran longer than 2000 ms', 'timedOut'),
      },
    ],
  },
)

/** GET /v1/tasks/:id/attempts */
export const listAttemptsRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/v1/tasks/:id/attempts',
    {
      schema: {
        operationId: 'listAttempts',
        summary: 'List the attempts of a task',
        description: 'Returns a page of attempts, oldest first, including the running attempt.',
        tags: ['tasks'],
        params: TaskParams,
        querystring: closed(PageQuery),
        response: { 200: pageOf(ref(AttemptView)), ...problems(404) },
      },
      config: { permission: 'tasks:read' },
    },
    async (request) => {
      const { project } = principalOf(request)
      const page = await readPage(request.query, {
        read: (range) => storage.listAttempts(project, request.params.id as TaskId, range),
        positionOf: (attempt) => attempt.id,
        isPosition: isUuid,
      })
      return { ...page, items: page.items.map(attemptView) }
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

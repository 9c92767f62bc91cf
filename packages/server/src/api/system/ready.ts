import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { problemReplies } from '@taskflow/http'
import { TaskFlowError } from '@taskflow/kernel'
import type { WorkerHealth } from '@taskflow/worker'
import { type HealthSources, isStalled } from './health.ts'

interface Deps extends Pick<HealthSources, 'workerHealth'> {
  /** Resolves when the database does what this process needs it for. */
  readonly pingDatabase: () => Promise<void>
}

/**
 * Serves GET /ready. With `workerHealth`, readiness requires that the worker takes tasks. The API passes none, because
 * the API serves requests regardless of a worker in the same process.
 */
export const readyRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { pingDatabase, workerHealth }) => {
  app.get(
    '/ready',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'Check whether the process can serve requests',
        description:
          'Replies 503 while submissions would be refused: the database is unavailable, has no free connection, or ' +
          'only allows reads; and once the process is stopping. In a process without the role `api`, replies 503 ' +
          'while the database is unavailable or the worker takes no tasks.',
        tags: ['system'],
        security: [],
        response: { 200: Type.Object({ status: Type.Enum(['ready']) }), ...problemReplies([400, 406, 503]) },
      },
    },
    async () => {
      if (app.connections.isStopping) throw new TaskFlowError('NOT_READY', 'The process is stopping')
      await pingDatabase()
      if (workerHealth) refuseUnlessTaking(workerHealth())
      return { status: 'ready' as const }
    },
  )
}

function refuseUnlessTaking(health: WorkerHealth | undefined): void {
  const state = health === undefined ? 'starting' : stateOf(health)
  if (state !== 'active') throw new TaskFlowError('NOT_READY', `The worker takes no tasks: it is ${state}`)
}

function stateOf(health: WorkerHealth): string {
  if (health.blockedMs > 0) return 'blocked by a handler'
  return isStalled(health) ? 'stalled' : health.state
}

import { TaskFlowError } from '@taskflow/kernel'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    /** Every path with a route. */
    readonly paths: Set<string>
  }
}

/** Remembers the paths of the routes that are registered afterwards. */
export function collectPaths(app: FastifyInstance): void {
  app.decorate('paths', new Set<string>())
  app.addHook('onRoute', ({ url }) => void app.paths.add(url))
}

/**
 * Replies 405 with `Allow` to the methods that a path does not have. Without these routes such a request would find
 * nothing, or the route of another path: `GET /v1/tasks/batch` would be a read of the task `batch`. Call it when all
 * routes are registered.
 */
export function refuseOtherMethods(app: FastifyInstance): void {
  for (const url of [...app.paths]) {
    const has = (method: string): boolean => app.hasRoute({ url, method })
    const allowed = app.supportedMethods.filter(has).sort().join(', ')
    // Before the body is read.
    const onRequest = async (request: FastifyRequest, reply: FastifyReply): Promise<never> => {
      reply.header('allow', allowed)
      const path = request.url.split('?', 1)[0]
      throw new TaskFlowError('METHOD_NOT_ALLOWED', `${path} has no method ${request.method}, only ${allowed}`)
    }
    const method = app.supportedMethods.filter((each) => !has(each))
    app.route({ url, method, schema: { hide: true }, onRequest, handler: () => {} })
  }
}

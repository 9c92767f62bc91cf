import type { FastifyInstance } from 'fastify'

export interface RequestMetrics {
  observeRequest(request: { route: string; method: string; status: number; seconds: number }): void
}

/** Records a metric and a log line for each request, after its reply. */
export function observeRequests(app: FastifyInstance, metrics: RequestMetrics): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff')
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    const { method } = request
    const status = reply.statusCode
    const ms = reply.elapsedTime
    metrics.observeRequest({ route, method, status, seconds: ms / 1_000 })
    // Successes are frequent, and the metrics count them.
    const level = status >= 400 ? 'info' : 'debug'
    request.log[level]({ method, url: request.url, status, ms: Math.round(ms) }, 'Request answered')
    done()
  })
}

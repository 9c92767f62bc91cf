import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by a route that holds its reply until something happens, because the time then says nothing about speed. */
    isHeld: boolean
  }
}

export interface ObservedRequest {
  readonly route: string
  readonly method: string
  readonly status: number
  readonly isHeld: boolean
  readonly seconds: number
}

export interface RequestMetrics {
  observeRequest(request: ObservedRequest): void
}

/** Records a metric and a log line for each request, after its reply. */
export function observeRequests(app: FastifyInstance, metrics: RequestMetrics): void {
  app.decorateRequest('isHeld', false)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff')
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    const { method, isHeld } = request
    const status = reply.statusCode
    const ms = reply.elapsedTime
    metrics.observeRequest({ route, method, status, isHeld, seconds: ms / 1_000 })
    // Successes are frequent, and the metrics count them.
    const level = status >= 400 ? 'info' : 'debug'
    request.log[level]({ method, path: pathOf(request.url), status, ms: Math.round(ms) }, 'Request answered')
    done()
  })
}

/** The path without the query string, whose values may be secrets. */
const pathOf = (url: string): string => url.split('?', 1)[0] ?? ''

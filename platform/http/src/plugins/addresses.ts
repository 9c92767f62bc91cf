import { TaskFlowError } from '@taskflow/kernel'
import { malformed } from '@taskflow/validation'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { accepts } from '../accepts.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Media types of the replies. Defaults to JSON. */
    readonly produces?: readonly string[]
    /** Query parameters with several values, repeated or separated by commas. */
    readonly commaSeparated?: readonly string[]
  }
}

/**
 * Rejects requests without a host, query strings that cannot be decoded, and callers that do not accept the media type
 * of the reply.
 */
export function checkAddresses(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      throw malformed('Header `Host` is missing')
    refuseQuery(request.raw.url ?? '')
    refuseAccept(request)
    done()
  })
  app.addHook('preValidation', ({ query, routeOptions }, _reply, done) => {
    for (const key of routeOptions.config.commaSeparated ?? []) splitCommas(query as Record<string, unknown>, key)
    done()
  })
}

function splitCommas(query: Record<string, unknown>, key: string): void {
  const value = query[key]
  if (value !== undefined) query[key] = [value].flat().flatMap((part) => String(part).split(','))
}

function refuseQuery(url: string): void {
  const start = url.indexOf('?')
  if (start === -1) return
  const query = url.slice(start + 1)
  if (!isDecodable(query)) throw malformed('The query string is not percent-encoded UTF-8')
  // PostgreSQL can neither store nor compare a NUL.
  if (query.includes('%00')) throw malformed('The query string has a NUL character')
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function refuseAccept({ headers, routeOptions, is404 }: FastifyRequest): void {
  const { accept } = headers
  // Hidden routes serve pages to browsers, whose `Accept` headers need not name the types of scripts and images.
  if (accept === undefined || is404 || routeOptions.schema?.hide) return
  const produced = routeOptions.config.produces ?? ['application/json']
  if (produced.some((type) => accepts(accept, type))) return
  throw new TaskFlowError(
    'NOT_ACCEPTABLE',
    `The reply would be ${produced.join(' or ')}, which header \`Accept\` excludes`,
  )
}

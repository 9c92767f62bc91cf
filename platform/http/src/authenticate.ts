import { TaskFlowError } from '@taskflow/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Access, Principal } from './access.ts'
import { PRINCIPAL } from './principal.ts'

/**
 * Requires authentication for every route that is registered afterwards. Each of these routes must name its permission.
 *
 * @throws TypeError at registration if a route names no permission
 */
export function requireAuthentication(app: FastifyInstance, access: Access): void {
  app.decorateRequest(PRINCIPAL, null)
  app.addHook('onRoute', ({ url, config }) => {
    if (config?.permission === undefined)
      throw new TypeError(`Route ${url} names no permission: set \`config.permission\``)
  })
  // Not an async function, so that a remembered caller does not wait for a turn of the event loop.
  app.addHook('onRequest', (request, _reply, done) => {
    const token = tokenOf(request)
    const known = access.remembered(token)
    if (!known) {
      access
        .authenticate(token)
        .then((found) => admit(access, found, request))
        .then(() => done(), done)
      return
    }
    admit(access, known, request)
    done()
  })
}

function admit(access: Access, principal: Principal | undefined, request: FastifyRequest): void {
  if (!principal) throw unauthenticated('The API key is unknown, revoked or expired')
  refuseUnlessPermitted(access, principal, request)
  request.setDecorator(PRINCIPAL, principal)
}

function tokenOf({ headers }: FastifyRequest): string {
  const { authorization } = headers
  if (authorization === undefined) throw unauthenticated('The request has no credentials')
  const [, token] = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization) ?? []
  if (token === undefined) throw unauthenticated('The `Authorization` header is not of the form `Bearer <API key>`')
  return token
}

const unauthenticated = (detail: string): TaskFlowError => new TaskFlowError('UNAUTHENTICATED', detail)

function refuseUnlessPermitted(
  access: Access,
  { role }: Principal,
  { routeOptions, method, url }: FastifyRequest,
): void {
  const { permission = 'any' } = routeOptions.config
  if (permission === 'any' || access.permits(role, permission)) return
  const path = routeOptions.url ?? url
  throw new TaskFlowError(
    'FORBIDDEN',
    `${method} ${path} requires permission ${permission}, which role ${access.leastRoleFor(permission)} has and role ${role} does not`,
    { details: { permission } },
  )
}

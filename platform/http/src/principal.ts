import type { FastifyRequest } from 'fastify'
import type { Permission, Principal } from './access.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Permission that the caller needs; `any` for every authenticated caller. Required for routes with authentication.
     */
    readonly permission?: Permission | 'any'
  }
}

export const PRINCIPAL = 'principal'

/** Returns the caller of the request. Throws if the route has no authentication. */
export function principalOf(request: FastifyRequest<never> | FastifyRequest): Principal {
  return (request as FastifyRequest).getDecorator<Principal>(PRINCIPAL)
}

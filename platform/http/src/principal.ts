import type { FastifyRequest } from 'fastify'
import type { Permission, Principal } from './access.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the caller must be permitted; `any` asks only who is calling. Required behind authentication. */
    readonly permission?: Permission | 'any'
  }
}

export const PRINCIPAL = 'principal'

/** Who sent the request. Throws where the route is not behind authentication. */
export function principalOf(request: FastifyRequest<never> | FastifyRequest): Principal {
  return (request as FastifyRequest).getDecorator<Principal>(PRINCIPAL)
}

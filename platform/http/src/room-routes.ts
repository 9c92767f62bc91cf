import type { FastifyInstance } from 'fastify'
import type { TSchema } from 'typebox'

/** What a room serves over HTTP, behind authentication. */
export interface RoomRoutes<Deps> {
  /** Schemas that its replies refer to by name. */
  readonly schemas: readonly TSchema[]
  register(app: FastifyInstance, deps: Deps): Promise<void>
}

import type { FastifyInstance } from 'fastify'
import type { TSchema } from 'typebox'

/** The routes of a room. All of them require authentication. */
export interface RoomRoutes<Deps> {
  /** Schemas that the replies refer to by name. */
  readonly schemas: readonly TSchema[]
  register(app: FastifyInstance, deps: Deps): Promise<void>
}

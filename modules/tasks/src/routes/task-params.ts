import { Type } from '@fastify/type-provider-typebox'
import { Id } from '@taskflow/http'

/** The path parameters of operations on one task. */
export const TaskParams = Type.Object({ id: Id })

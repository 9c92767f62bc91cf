import { Type } from '@fastify/type-provider-typebox'
import { Id } from '@taskflow/http'

export const TaskParams = Type.Object({ id: Id })

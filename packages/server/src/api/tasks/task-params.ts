import { Type } from '@fastify/type-provider-typebox'
import { Id } from '../schemas/text.ts'

export const TaskParams = Type.Object({ id: Id })

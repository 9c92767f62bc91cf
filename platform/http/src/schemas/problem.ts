import { type Static, Type } from '@fastify/type-provider-typebox'
import type { ErrorDescriptions } from '@taskflow/kernel'
import { STATUS_CODES } from '../status-codes.ts'
import { ref } from './text.ts'

const FieldError = Type.Object({
  in: Type.Enum(['body', 'query', 'path', 'headers'], { description: 'Part of the request that has the field' }),
  pointer: Type.String({ description: 'JSON pointer (RFC 6901) to the invalid field' }),
  message: Type.String({ description: 'Rest of a sentence that begins with the name of the field' }),
})

/** Makes the schema of a problem (RFC 9457) whose code is one of these errors. */
export function problemSchema(errors: ErrorDescriptions) {
  return Type.Object(
    {
      type: Type.String({ format: 'uri-reference', description: 'Address of the explanation of the code' }),
      title: Type.String(),
      status: Type.Integer(),
      code: Type.Enum(Object.keys(errors), { description: 'Stable code of the error; branch on this field' }),
      detail: Type.String({ description: 'One sentence that explains this error' }),
      instance: Type.String({ description: 'Id of the request, as in the header X-Request-Id and in the log' }),
      hint: Type.String({ description: 'What to do about the error' }),
      errors: Type.Optional(Type.Array(FieldError, { description: 'The invalid fields, at most 20' })),
    },
    { $id: 'Problem' },
  )
}

export type Problem = Static<ReturnType<typeof problemSchema>>

/** Serves as the target of references only. The app registers the schema with the codes of all errors. */
const Problem = problemSchema({})

/** Statuses that any route with authentication may reply with. */
const ALWAYS = [400, 401, 403, 406, 500, 503] as const

/** Makes the error replies of a route's schema: these statuses, and those that any route may reply with. */
export function problems(...statuses: readonly number[]) {
  return problemReplies([...ALWAYS, ...statuses])
}

/** Makes the error replies of a route without authentication. */
export function problemReplies(statuses: readonly number[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: STATUS_CODES[status] ?? 'Problem',
        content: { 'application/problem+json': { schema: ref(Problem) } },
      },
    ]),
  )
}

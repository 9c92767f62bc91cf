import { type Static, Type } from '@fastify/type-provider-typebox'
import type { ErrorDescriptions } from '@taskflow/kernel'
import { STATUS_CODES } from '../status-codes.ts'
import { ref } from './text.ts'

const FieldError = Type.Object({
  in: Type.Enum(['body', 'query', 'path', 'headers'], { description: 'The part of the request that is meant' }),
  pointer: Type.String({ description: 'JSON pointer (RFC 6901) to the offending field' }),
  message: Type.String(),
})

/** A problem (RFC 9457) whose code is one of these errors. */
export function problemSchema(errors: ErrorDescriptions) {
  return Type.Object(
    {
      type: Type.String({ format: 'uri-reference', description: 'Where the code is explained' }),
      title: Type.String(),
      status: Type.Integer(),
      code: Type.Enum(Object.keys(errors), { description: 'Stable; branch on this' }),
      detail: Type.String({ description: 'One sentence: what happened to what' }),
      instance: Type.String({ description: "The request's id, as in the reply's X-Request-Id and in the logs" }),
      hint: Type.String({ description: 'What to do next' }),
      errors: Type.Optional(Type.Array(FieldError, { description: 'Each offending field, at most 20' })),
    },
    { $id: 'Problem' },
  )
}

export type Problem = Static<ReturnType<typeof problemSchema>>

/** For references: the app registers the schema with the codes of all its errors. */
const Problem = problemSchema({})

/** Any route behind authentication may answer these. */
const ALWAYS = [400, 401, 403, 406, 500, 503] as const

/** Replies for a route's schema: the statuses named, and those that any route may send. */
export function problems(...statuses: readonly number[]) {
  return problemReplies([...ALWAYS, ...statuses])
}

/** Replies for the schema of a route that is open to all. */
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

import { type FieldError, malformed, validator } from '@taskflow/validation'
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'

const PART_OF: Readonly<Record<string, FieldError['in']>> = {
  body: 'body',
  querystring: 'query',
  query: 'query',
  params: 'path',
  headers: 'headers',
}

/** Validates requests by the schemas of their routes. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = 'body' }) => {
  const part = PART_OF[httpPart] ?? 'body'
  const refusalOf = validator(schema, part)
  return (value: unknown) => {
    if (part === 'body' && value === null) return { error: malformed('The body is empty: send JSON') }
    const error = refusalOf(value)
    return error ? { error } : { value }
  }
}

import { type Static, type TSchema, Type } from '@fastify/type-provider-typebox'

/** Schemas of single values that many routes reply with. */

export const Id = Type.String({ format: 'uuid', description: 'UUIDv7, in lower case' })

export const Moment = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' })

/** Refers to a schema registered under this `$id`. */
export const ref = <Schema extends TSchema>(schema: Schema) =>
  Type.Unsafe<Static<Schema>>({ $ref: `${(schema as { $id?: string }).$id}#` })

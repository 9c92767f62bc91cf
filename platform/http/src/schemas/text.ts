import { type Static, type TSchema, Type } from '@fastify/type-provider-typebox'

export const Id = Type.String({ format: 'uuid', description: 'UUIDv7, in lower case' })

export const Moment = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' })

/** Makes a reference to a registered schema by its `$id`. */
export const ref = <Schema extends TSchema>(schema: Schema) =>
  Type.Unsafe<Static<Schema>>({ $ref: `${(schema as { $id?: string }).$id}#` })

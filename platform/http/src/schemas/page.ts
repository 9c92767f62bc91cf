import { type TSchema, Type } from '@fastify/type-provider-typebox'
import { nullable } from '@taskflow/validation'

/** Query parameters of every list. */
export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Items on a page; default 50' })),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: '`nextCursor` of the page before, unchanged' }),
  ),
}

export const DEFAULT_LIMIT = 50

export const pageOf = <Item extends TSchema>(item: Item) =>
  Type.Object({
    items: Type.Array(item),
    nextCursor: nullable(Type.String({ description: 'Null on the last page' })),
  })

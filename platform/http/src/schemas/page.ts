import { type TSchema, Type } from '@fastify/type-provider-typebox'
import { nullable } from '@taskflow/validation'

/** The query parameters of every list. */
export const PageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 200, description: 'Maximum number of items on the page; 50 by default' }),
  ),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: '`nextCursor` of the previous page, unchanged' }),
  ),
}

export const DEFAULT_LIMIT = 50

export const pageOf = <Item extends TSchema>(item: Item) =>
  Type.Object({
    items: Type.Array(item),
    nextCursor: nullable(Type.String({ description: 'Cursor of the next page; null on the last page' })),
  })

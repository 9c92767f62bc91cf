import { expect, test } from 'vitest'
import { schemaToType } from './schema-to-type.ts'

test('an object keeps its order, its optional fields and their comments', () => {
  const schema = {
    type: 'object',
    required: ['id'],
    properties: { id: { type: 'string', description: 'Its name' }, size: { type: ['integer', 'null'] } },
  }
  expect(schemaToType(schema)).toBe('{\n  /** Its name */\n  id: string\n  size?: number | null\n}')
})

const cases = [
  { schema: { enum: ['a', 1, null] }, type: `'a' | 1 | null` },
  { schema: { anyOf: [{ type: 'string' }, { $ref: '#/components/schemas/Task' }] }, type: 'string | Task' },
  { schema: { type: 'array', items: { enum: ['a', 'b'] } }, type: `Array<'a' | 'b'>` },
  { schema: { type: 'object', additionalProperties: { type: 'string' } }, type: 'Record<string, string>' },
  { schema: { type: 'object' }, type: 'Record<string, unknown>' },
  { schema: {}, type: 'unknown' },
]
for (const { schema, type } of cases) {
  test(`${JSON.stringify(schema)} is ${type}`, () => {
    expect(schemaToType(schema)).toBe(type)
  })
}

test('rejects a schema of an unknown type', () => {
  expect(() => schemaToType({ type: 'tuple' })).toThrow('No TypeScript type for {"type":"tuple"}')
})

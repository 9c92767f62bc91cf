/**
 * Converts the JSON Schemas of the API to TypeScript types.
 *
 * The usual generators use the JavaScript API of the TypeScript 5 compiler, which TypeScript 7 does not have.
 * This converter covers the keywords that our schemas use and rejects all others.
 */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
  readonly description?: string
}

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  null: 'null',
}

export function schemaToType(schema: JsonSchema, indent = ''): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref)
  if (schema.enum) return union(schema.enum.map(literal))
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.anyOf) return union(schema.anyOf.map((each) => schemaToType(each, indent)))
  const { type } = schema
  if (type === undefined) return 'unknown'
  if (typeof type === 'object') return union(type.map((each) => schemaToType({ ...schema, type: each }, indent)))
  if (type === 'array') return `Array<${schemaToType(schema.items ?? {}, indent)}>`
  if (type === 'object') return objectType(schema, indent)
  const primitive = PRIMITIVES[type]
  if (primitive === undefined) throw new TypeError(`No TypeScript type for ${JSON.stringify(schema)}`)
  return primitive
}

function objectType({ properties, required = [], additionalProperties }: JsonSchema, indent: string): string {
  if (!properties) {
    const values = typeof additionalProperties === 'object' ? schemaToType(additionalProperties, indent) : 'unknown'
    return `Record<string, ${values}>`
  }
  const inner = `${indent}  `
  const fields = Object.entries(properties).map(([name, schema]) => {
    const mark = required.includes(name) ? '' : '?'
    return `${comment(schema, inner)}${inner}${name}${mark}: ${schemaToType(schema, inner)}\n`
  })
  return `{\n${fields.join('')}${indent}}`
}

export function comment({ description }: JsonSchema, indent = ''): string {
  return description === undefined ? '' : `${indent}/** ${description.replaceAll('*/', '* /')} */\n`
}

const literal = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : JSON.stringify(value))

const nameOf = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1)

const union = (types: readonly string[]): string => [...new Set(types)].join(' | ')

import type { Generator } from './generator.ts'
import { type OpenApiDocument, openApiDocument } from './openapi-document.ts'
import { comment, type JsonSchema, schemaToType } from './schema-to-type.ts'

const HEADER = '// Generated from the schemas of the API by `npm run generate`. Do not edit.\n'

/** Schemas that the document contains only inside an operation, by their names in the SDK. */
const INLINE: Readonly<Record<string, (document: OpenApiDocument) => JsonSchema>> = {
  NewTask: (document) => bodyOf(document, 'submitTask'),
  TaskChanges: (document) => bodyOf(document, 'editTask'),
  NewApiKey: (document) => bodyOf(document, 'createApiKey'),
  Health: (document) => replyOf(document, 'getHealth'),
  Me: (document) => replyOf(document, 'getMe'),
}

/** Writes packages/sdk/src/generated/api.ts: the wire types of the SDK. */
export const apiTypes: Generator = async () => {
  const document = await openApiDocument()
  const inline = Object.entries(INLINE).map(([name, find]) => [name, find(document)] as const)
  const types = [...Object.entries(document.components.schemas), ...inline]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `${comment(schema)}export interface ${name} ${schemaToType(schema)}\n`)
  return [{ path: 'packages/sdk/src/generated/api.ts', content: `${HEADER}\n${types.join('\n')}` }]
}

function bodyOf(document: OpenApiDocument, operationId: string): JsonSchema {
  return jsonOf(operationOf(document, operationId).requestBody, operationId)
}

function replyOf(document: OpenApiDocument, operationId: string): JsonSchema {
  return jsonOf(operationOf(document, operationId).responses?.['200'], operationId)
}

function operationOf({ paths }: OpenApiDocument, operationId: string) {
  const operations = Object.values(paths).flatMap((path) => Object.values(path))
  const operation = operations.find((each) => each.operationId === operationId)
  if (!operation) throw new TypeError(`The API has no operation ${operationId}`)
  return operation
}

function jsonOf(holder: ReturnType<typeof operationOf>['requestBody'], operationId: string): JsonSchema {
  const schema = holder?.content?.['application/json']?.schema
  if (!schema) throw new TypeError(`Operation ${operationId} has no such JSON`)
  return schema
}

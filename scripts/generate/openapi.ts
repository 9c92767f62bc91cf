import type { Generator } from './generator.ts'
import { openApiDocument } from './openapi-document.ts'

/** Writes docs/reference/openapi.json: the document that a server publishes at /openapi.json. */
export const openApi: Generator = async () => [
  { path: 'docs/reference/openapi.json', content: `${JSON.stringify(await openApiDocument(), null, 2)}\n` },
]

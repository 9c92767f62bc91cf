import { buildApp } from '@taskflow/server/api'
import { createLog } from '@taskflow/server/log'
import type { JsonSchema } from './schema-to-type.ts'

interface Operation {
  readonly operationId?: string
  readonly requestBody?: Content
  readonly responses?: Readonly<Record<string, Content>>
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

let document: Promise<OpenApiDocument> | undefined

/** Returns the OpenAPI document, generated from the routes. No route runs, so their dependencies are inert. */
export function openApiDocument(): Promise<OpenApiDocument> {
  document ??= readDocument()
  return document
}

async function readDocument(): Promise<OpenApiDocument> {
  const app = await buildApp({
    storage: inert,
    wakeups: inert,
    metrics: inert,
    clock: inert,
    ids: inert,
    log: createLog({ logLevel: 'silent' }),
    settings: { maxPayloadBytes: 1_048_576, roles: [] },
  })
  await app.ready()
  const read = app.swagger() as unknown as OpenApiDocument
  await app.close()
  return read
}

/** Replaces every dependency that the routes use during their set-up, and does nothing. */
const inert = new Proxy(() => undefined, {
  get: (_target, name) => (name === 'then' ? undefined : inert),
  apply: () => undefined,
}) as never

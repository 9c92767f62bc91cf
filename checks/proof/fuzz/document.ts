import { isUuid } from '@taskflow/kernel'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

/** The part of JSON Schema that the document uses. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly format?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly propertyNames?: JsonSchema
  readonly additionalProperties?: boolean | JsonSchema
}

interface Media {
  readonly schema?: JsonSchema
}

interface Parameter {
  readonly in: 'path' | 'query' | 'header'
  readonly name: string
  readonly required?: boolean
  readonly schema: JsonSchema
}

interface Described {
  readonly operationId: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>
  readonly 'x-permission'?: string
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
}

export interface Operation {
  readonly id: string
  readonly method: string
  /** The path as in the document: `/v1/tasks/{id}`. */
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly isBodyRequired: boolean
  /** The schemas of the body by media type; empty for an operation without a body. */
  readonly bodies: Readonly<Record<string, JsonSchema>>
  readonly statuses: readonly number[]
  /** Undefined for a public operation. */
  readonly permission: string | undefined
  /** Returns how a reply deviates from the document. */
  replyFlaw(status: number, mediaType: string | undefined, text: string): string | undefined
  /** The schema of a successful JSON reply. */
  readonly result: JsonSchema | undefined
}

const UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

/** Reads every operation of an OpenAPI document, with its requests and replies. */
export function operationsOf(document: unknown): Operation[] {
  const ajv = new Ajv2020({ strict: false, validateFormats: true })
  ajv.addFormat('date-time', UTC).addFormat('uuid', isUuid).addFormat('uri-reference', /^\S*$/)
  ajv.addSchema(document as object, 'document', undefined, false)
  return Object.entries((document as OpenApi).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) =>
      operationOf(ajv, document as OpenApi, path, method, described),
    ),
  )
}

function operationOf(ajv: Ajv2020, document: OpenApi, path: string, method: string, described: Described): Operation {
  const { operationId, parameters = [], requestBody, responses } = described
  const at = (...steps: string[]): string =>
    steps.map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
  const validators = new Map<string, ValidateFunction>()

  function validatorOf(status: string, mediaType: string): ValidateFunction {
    const ref = `document#/${at('paths', path, method, 'responses', status, 'content', mediaType, 'schema')}`
    const known = validators.get(ref) ?? ajv.compile({ $ref: ref })
    validators.set(ref, known)
    return known
  }

  function replyFlaw(status: number, mediaType: string | undefined, text: string): string | undefined {
    const reply = responses[String(status)]
    if (!reply) return `answers ${status}, which the document does not list`
    const types = Object.keys(reply.content ?? {})
    if (types.length === 0)
      return text === '' ? undefined : `answers ${status} with a body, which the document does not describe`
    const type = mediaType?.split(';', 1)[0] ?? ''
    if (!types.includes(type)) return `answers ${status} as ${mediaType}, not as ${types.join(' or ')}`
    if (!type.includes('json')) return undefined
    return bodyFlaw(validatorOf(String(status), type), type === 'application/x-ndjson' ? text.split('\n') : [text])
  }

  function bodyFlaw(validate: ValidateFunction, texts: readonly string[]): string | undefined {
    const misfit = texts.filter((text) => text !== '').find((text) => !validate(JSON.parse(text)))
    return misfit === undefined
      ? undefined
      : `answers what the document does not describe: ${ajv.errorsText(validate.errors)}`
  }

  const success = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1]
  return {
    id: operationId,
    method: method.toUpperCase(),
    path,
    parameters,
    isBodyRequired: requestBody?.required ?? false,
    bodies: Object.fromEntries(
      Object.entries(requestBody?.content ?? {}).map(([type, { schema = {} }]) => [type, schema]),
    ),
    statuses: Object.keys(responses).map(Number),
    permission: described['x-permission'],
    replyFlaw,
    result: resolved(document, success?.content?.['application/json']?.schema),
  }
}

/** Resolves a reference. */
function resolved(document: OpenApi, schema: JsonSchema | undefined): JsonSchema | undefined {
  if (schema?.$ref === undefined) return schema
  const found = schema.$ref
    .split('/')
    .slice(1)
    .reduce((at: unknown, step) => (at as Record<string, unknown>)[step], document)
  return found as JsonSchema
}

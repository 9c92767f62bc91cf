import type { Permission } from '@taskflow/http/access'
import { leastRoleFor } from '@taskflow/identity'
import { PERMISSIONS } from '@taskflow/rooms'
import type { Generator } from './generator.ts'
import { code, page, table } from './markdown.ts'
import { openApiDocument } from './openapi-document.ts'
import { type JsonSchema, schemaToType } from './schema-to-type.ts'

const ABOUT = `This page lists every operation of the HTTP API, its parameters, bodies and replies. The source is
[openapi.json](openapi.json), which a server publishes at \`/openapi.json\` and displays at \`/docs\`. The server checks
requests and serialises replies with the same schemas.

- JSON fields are in camelCase. Times are ISO 8601 in UTC. Durations are milliseconds and end in \`Ms\`. Ids are UUIDv7.
- The API rejects unknown fields and parameters.
- Requests carry credentials as \`Authorization: Bearer <API key>\`.
- Any operation that needs credentials may also reply 400, 401, 403, 406, 500 and 503; the lists below omit these.
  [Errors](errors.md) explains each code.
- Lists return a page, \`{ items, nextCursor }\`. Pass \`nextCursor\` as \`cursor\` to get the next page, until it is null.
  A page may have fewer items than \`limit\` and still not be the last.`

/** Replies that every operation with authentication may give. Open operations list all of their replies. */
const USUAL = ['400', '401', '403', '406', '500', '503']

interface Field extends JsonSchema {
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
  readonly schema: Field
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly security?: readonly unknown[]
  readonly 'x-permission'?: Permission | 'any'
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
}

type Content = Readonly<Record<string, { readonly schema: Field }>>

/** Writes docs/reference/api.md: the OpenAPI document as a page to read. */
export const apiReference: Generator = async () => {
  const { paths, components } = await openApiDocument()
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...(operation as unknown as Operation) })),
  )
  const tags = [...new Set(operations.flatMap((each) => each.tags))]
  const byTag = tags.flatMap((tag) => [
    `## ${capital(tag)}`,
    ...operations.filter((each) => each.tags.includes(tag)).map(describe),
  ])
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `### ${name}\n\n${withIntro(schema.description, table(FIELD_TITLES, replyRows(schema)))}`,
  )
  const content = page('The API', ABOUT, ...byTag, '## Reply schemas', ...schemas)
  return [{ path: 'docs/reference/api.md', content }]
}

function describe(operation: Operation & { readonly path: string; readonly method: string }): string {
  const { path, method, operationId, summary, description, parameters = [], requestBody, responses } = operation
  const parts = [
    `### ${operationId}`,
    `${code(`${method.toUpperCase()} ${path}`)}`,
    `${summary}. ${description ?? ''}`.trim(),
    accessTo(operation),
    ...(parameters.length > 0 ? [table(['parameter', 'in', 'type', 'description'], parameters.map(parameterRow))] : []),
    ...Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => body(operationId, type, schema)),
    `Replies: ${repliesOf(responses, operation.security?.length === 0)}`,
  ]
  return parts.join('\n\n')
}

function accessTo({ security, 'x-permission': permission }: Operation): string {
  if (security?.length === 0) return 'Permission: none; the operation needs no credentials.'
  if (permission === undefined || permission === 'any') return 'Permission: any valid key.'
  return `Permission: ${code(permission)}, which the role ${code(leastRoleFor(PERMISSIONS, permission))} and all higher roles have.`
}

const parameterRow = ({ name, in: where, required, schema, description }: Parameter): readonly string[] => [
  code(name) + (required ? ', required' : ''),
  where,
  typeOf(schema),
  description ?? schema.description ?? '',
]

const NEW_TASK = 'submitTask'

function body(operationId: string, type: string, schema: Field): string {
  const what = type.endsWith('ndjson') ? `Body, each line of ${code(type)}:` : `Body, ${code(type)}:`
  if (operationId !== NEW_TASK && isNewTask(schema)) return `${what} ${A_TASK}.`
  return withIntro([what, schema.description].filter(Boolean).join(' '), table(FIELD_TITLES, bodyRows(schema)))
}

const FIELD_TITLES = ['field', 'type', 'description']
const A_TASK = `a task as in [${NEW_TASK}](#${NEW_TASK.toLowerCase()})`

/** Recognises the body of a new task, which the page describes once, at the operation that submits one task. */
const isNewTask = ({ properties = {} }: JsonSchema): boolean => 'type' in properties && 'retentionMs' in properties

const withIntro = (intro: string | undefined, rest: string): string => (intro ? `${intro}\n\n${rest}` : rest)

/** Marks required fields of bodies, because most are optional, and optional fields of replies. */
const bodyRows = (schema: Field): string[][] => fieldRows(schema, (isRequired) => (isRequired ? ', required' : ''))
const replyRows = (schema: Field): string[][] =>
  fieldRows(schema, (isRequired) => (isRequired ? '' : ', may be absent'))

/** Names fields of nested objects by their path: `retry.baseMs`, `running[].type`. */
function fieldRows(
  { properties = {}, required = [] }: Field,
  mark: (isRequired: boolean) => string,
  prefix = '',
): string[][] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const { items, description = '' } = schema
    const first = code(prefix + name) + mark(required.includes(name))
    if (items && isNewTask(items)) return [[first, 'list', `Each ${A_TASK}`]]
    if (items?.properties) return [[first, 'list', description], ...fieldRows(items, mark, `${prefix}${name}[].`)]
    if (schema.properties)
      return [[first, objectOf(schema), description], ...fieldRows(schema, mark, `${prefix}${name}.`)]
    return [[first, typeOf(schema), description]]
  })
}

const objectOf = ({ type }: Field): string => (type?.includes('null') ? 'object or null' : 'object')

function typeOf(schema: Field): string {
  const { minimum, maximum, minLength, maxLength } = schema
  const type = isAnything(schema) ? 'any JSON' : code(inline(schema))
  if (minimum !== undefined || maximum !== undefined) return `${type}, ${boundsOf(minimum, maximum)}`
  if (maxLength !== undefined) return `${type}, ${minLength ?? 0} to ${grouped(maxLength)} characters`
  return type
}

function boundsOf(minimum: number | undefined, maximum: number | undefined): string {
  if (maximum === undefined) return `from ${grouped(minimum ?? 0)}`
  return `${grouped(minimum ?? 0)} to ${grouped(maximum)}`
}

const grouped = (number: number): string => number.toLocaleString('en')

function repliesOf(responses: Operation['responses'], isOpen: boolean): string {
  return Object.entries(responses)
    .filter(([status]) => isOpen || !USUAL.includes(status))
    .map(([status, { content = {} }]) => `${status}${replyOf(content)}`)
    .join('; ')
}

function replyOf(content: Content): string {
  const bodies = Object.entries(content).map(([type, { schema }]) => {
    if (type === 'application/problem+json') return ''
    const what = schema.$ref ? linkTo(schema.$ref) : code(inline(schema))
    return type === 'application/json' ? ` ${what}` : ` ${what} as ${code(type)}`
  })
  return bodies.filter(Boolean).join(' or')
}

const linkTo = (ref: string): string => {
  const name = ref.slice(ref.lastIndexOf('/') + 1)
  return `[${name}](#${name.toLowerCase()})`
}

const isAnything = (schema: Field): boolean => schemaToType(schema) === 'unknown'

/** Prints a type on one line, without its comments. */
const inline = (schema: Field): string =>
  schemaToType(schema)
    .replaceAll(/\/\*\*.*?\*\/\s*/g, '')
    .replaceAll(/\n\s*(?=\w)/g, '; ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('{; ', '{ ')

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

import type { Role } from '@taskflow/http/access'
import fc from 'fast-check'
import { brokenValue } from './broken-values.ts'
import type { JsonSchema, Operation } from './document.ts'
import { hostileBody, hostileHeaders, hostileText } from './hostile.ts'
import { jsonText } from './json-text.ts'
import { validValue } from './valid-values.ts'

/** A drawn request. Ids in its path are chosen when it is sent, from the objects that exist then. */
export interface ApiRequest {
  readonly operation: Operation
  readonly kind: 'valid' | 'nearly valid' | 'hostile'
  /** The flaw of the request. */
  readonly what: string
  /** For each parameter, the index of a known id or a text. */
  readonly path: Readonly<Record<string, number | string>>
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer | undefined
  /** The value of the body, where the body is valid JSON. */
  readonly sent?: unknown
  readonly as: Role
}

type Parts = Omit<ApiRequest, 'operation' | 'kind' | 'what'>

/** Draws requests of one operation, half of them valid. */
export function requestOf(operation: Operation): fc.Arbitrary<ApiRequest> {
  const valid = validParts(operation)
  const draw = (kind: ApiRequest['kind'], parts: fc.Arbitrary<Parts & { readonly what: string }>) =>
    parts.map((drawn): ApiRequest => ({ operation, kind, ...drawn }))
  const nearly = nearlyValid(operation, valid)
  return fc.oneof(
    {
      arbitrary: draw(
        'valid',
        valid.map((parts) => ({ ...parts, what: 'nothing' })),
      ),
      weight: 4,
    },
    ...(nearly.length > 0 ? [{ arbitrary: draw('nearly valid', fc.oneof(...nearly)), weight: 4 }] : []),
    { arbitrary: draw('hostile', hostile(operation, valid)), weight: 1 },
  )
}

// Mostly the role with all permissions: a request without permission is refused before its content is read.
const role = fc.oneof(
  { arbitrary: fc.constant<Role>('admin'), weight: 12 },
  { arbitrary: fc.constantFrom<Role>('viewer', 'submitter', 'operator'), weight: 1 },
)

function validParts(operation: Operation): fc.Arbitrary<Parts> {
  const inside = (place: string) => operation.parameters.filter((parameter) => parameter.in === place)
  const optional = (place: string, text: (schema: JsonSchema) => fc.Arbitrary<string>) =>
    fc.record(Object.fromEntries(inside(place).map(({ name, schema }) => [name, text(schema)])), {
      requiredKeys: inside(place)
        .filter(({ required }) => required)
        .map(({ name }) => name),
      noNullPrototype: true,
    }) as fc.Arbitrary<Record<string, string>>
  const known = fc.record(
    Object.fromEntries(
      inside('path').map(({ name, schema }) => [
        name,
        fc.oneof({ arbitrary: fc.nat(1_000), weight: 9 }, { arbitrary: asText(schema), weight: 1 }),
      ]),
    ),
    { noNullPrototype: true },
  )
  const absent = operation.isBodyRequired ? [] : [fc.constant(undefined)]
  const bodies = Object.entries(operation.bodies).filter(([type]) => type === 'application/json')
  const body = fc.oneof(
    ...bodies.map(([, schema]) => validValue(schema)),
    ...(bodies.length === 0 ? [fc.constant(undefined)] : absent),
  )
  return fc
    .tuple(known, optional('query', asText), optional('header', asHeader), body, role)
    .map(([path, query, headers, sent, as]) =>
      inAgreement(operation, { path, query: Object.entries(query), headers, as, ...bodyOf(sent) }),
    )
}

const bodyOf = (sent: unknown): Pick<ApiRequest, 'body' | 'sent'> =>
  sent === undefined ? { body: undefined } : { body: jsonText(sent), sent }

/** Query parameters separate the items of a list with commas. */
const asText = (schema: JsonSchema): fc.Arbitrary<string> =>
  (schema.type === 'array' ? validValue({ ...schema, minItems: 1 }) : validValue(schema)).map((value) => String(value))

// HTTP does not count blanks at either end as part of the value.
const asHeader = (schema: JsonSchema): fc.Arbitrary<string> =>
  (schema.pattern === undefined
    ? fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 })
    : fc.stringMatching(new RegExp(schema.pattern))
  ).filter((text) => text === text.trim() && text !== '')

/** Applies the rules that no schema can express and that the document describes in prose. */
function inAgreement({ id }: Operation, parts: Parts): Parts {
  const { 'idempotency-key': _, ...unkeyed } = parts.headers
  // A secret is shown only once, so the reply cannot be repeated for a key.
  if (id === 'createApiKey') return { ...parts, headers: unkeyed }
  // Only a list reply contains a valid cursor.
  if (id.startsWith('list')) return { ...parts, query: parts.query.filter(([name]) => name !== 'cursor') }
  if (id !== 'submitTask' && id !== 'submitTasks') return parts
  return { ...parts, ...bodyOf(onceDue(parts.sent)) }
}

/** Removes `delayMs` where `runAt` is set: a task may have only one of them. */
function onceDue(sent: unknown): unknown {
  const { tasks, delayMs, ...rest } = sent as { tasks?: unknown[]; delayMs?: unknown; runAt?: unknown }
  if (tasks !== undefined) return { tasks: tasks.map(onceDue) }
  return delayMs === undefined || rest.runAt !== undefined ? rest : { ...rest, delayMs }
}

type Flawed = fc.Arbitrary<Parts & { readonly what: string }>

function nearlyValid(operation: Operation, valid: fc.Arbitrary<Parts>): Flawed[] {
  const schema = operation.bodies['application/json']
  return [
    ...operation.parameters.flatMap((parameter) => brokenParameter(parameter, valid)),
    ...(operation.parameters.some((each) => each.in === 'query')
      ? [
          valid.map((parts) => ({
            ...parts,
            what: 'an unknown parameter',
            query: [...parts.query, ['colour', 'red'] as const],
          })),
        ]
      : []),
    ...(schema
      ? [
          fc
            .tuple(valid, brokenValue(schema))
            .map(([parts, { what, value }]) => ({ ...parts, what: `body: ${what}`, ...bodyOf(value) })),
        ]
      : []),
    ...(schema && operation.isBodyRequired
      ? [valid.map(({ sent: _, ...parts }) => ({ ...parts, what: 'no body', body: undefined }))]
      : []),
  ]
}

function brokenParameter(
  { in: place, name, schema }: Operation['parameters'][number],
  valid: fc.Arbitrary<Parts>,
): Flawed[] {
  // A parameter is text, without a JSON type: the flaw must also be one as text.
  const broken = brokenValue(schema.type === 'array' ? (schema.items ?? {}) : schema)
    .filter(({ what, value }) => isWrongAsText(what, value, schema))
    .map(({ what, value }) => ({ what: `${name}: ${what}`, text: String(value) }))
  // Any text is a valid header, and an invalid header never arrives.
  if (place === 'header') return []
  return [
    fc
      .tuple(valid, broken)
      .map(([parts, { what, text }]) =>
        place === 'path'
          ? { ...parts, what, path: { ...parts.path, [name]: text } }
          : { ...parts, what, query: [...parts.query.filter(([each]) => each !== name), [name, text] as const] },
      ),
  ]
}

function isWrongAsText(what: string, value: unknown, { type, enum: values, pattern, format }: JsonSchema): boolean {
  if (typeof value === 'string' && !value.isWellFormed()) return false
  if (what === 'a NUL') return true
  const isBounded =
    ['integer', 'array'].includes(String(type)) || values || pattern !== undefined || format !== undefined
  if (!isBounded) return what === 'too long' || what === 'too short'
  return (
    ['string', 'number'].includes(typeof value) && !(pattern !== undefined && new RegExp(pattern).test(String(value)))
  )
}

function hostile(operation: Operation, valid: fc.Arbitrary<Parts>): Flawed {
  const hasBody = Object.keys(operation.bodies).length > 0
  const names = operation.parameters.filter((each) => each.in === 'path').map(({ name }) => name)
  return fc.oneof(
    fc.tuple(valid, hostileHeaders).map(([{ sent: _, ...parts }, { what, headers }]) => ({
      ...parts,
      what,
      headers: { ...parts.headers, ...headers },
    })),
    fc.tuple(valid, hostileText, hostileText).map(([{ sent: _, ...parts }, name, value]) => ({
      ...parts,
      what: 'a strange parameter',
      query: [...parts.query, [name, value] as const],
    })),
    ...(hasBody
      ? [fc.tuple(valid, hostileBody).map(([{ sent: _, ...parts }, { what, body }]) => ({ ...parts, what, body }))]
      : []),
    ...names.map((name) =>
      fc.tuple(valid, hostileText).map(([{ sent: _, ...parts }, text]) => ({
        ...parts,
        what: `a strange ${name}`,
        path: { ...parts.path, [name]: text },
      })),
    ),
  )
}

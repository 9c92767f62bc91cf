import type { Role } from '@taskflow/http/access'
import fc from 'fast-check'
import { brokenValue } from './broken-values.ts'
import type { JsonSchema, Operation } from './document.ts'
import { hostileBody, hostileHeaders, hostileText } from './hostile.ts'
import { jsonText } from './json-text.ts'
import { validValue } from './valid-values.ts'

/** A request as it is drawn: what is in its path is chosen when it is sent, from what is there then. */
export interface ApiRequest {
  readonly operation: Operation
  readonly kind: 'valid' | 'nearly valid' | 'hostile'
  /** What is wrong with it. */
  readonly what: string
  /** By parameter: the how manieth of those that are known, or a text of one's own. */
  readonly path: Readonly<Record<string, number | string>>
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer | undefined
  /** What the body says, where it is whole. */
  readonly sent?: unknown
  readonly as: Role
}

type Parts = Omit<ApiRequest, 'operation' | 'kind' | 'what'>

/** Requests of one operation, half of them as they should be. */
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

// Mostly who may do all; what others may not do is refused before anything is read.
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
  const unsaid = operation.isBodyRequired ? [] : [fc.constant(undefined)]
  const bodies = Object.entries(operation.bodies).filter(([type]) => type === 'application/json')
  const body = fc.oneof(
    ...bodies.map(([, schema]) => validValue(schema)),
    ...(bodies.length === 0 ? [fc.constant(undefined)] : unsaid),
  )
  return fc
    .tuple(known, optional('query', asText), optional('header', asHeader), body, role)
    .map(([path, query, headers, sent, as]) =>
      inAgreement(operation, { path, query: Object.entries(query), headers, as, ...said(sent) }),
    )
}

const said = (sent: unknown): Pick<ApiRequest, 'body' | 'sent'> =>
  sent === undefined ? { body: undefined } : { body: jsonText(sent), sent }

/** Values of lists are separated by commas, as the query has it. */
const asText = (schema: JsonSchema): fc.Arbitrary<string> =>
  (schema.type === 'array' ? validValue({ ...schema, minItems: 1 }) : validValue(schema)).map((value) => String(value))

// HTTP itself takes blanks at either end for none of the value.
const asHeader = (schema: JsonSchema): fc.Arbitrary<string> =>
  (schema.pattern === undefined
    ? fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 })
    : fc.stringMatching(new RegExp(schema.pattern))
  ).filter((text) => text === text.trim() && text !== '')

/** What no schema can tell, and the document says in words. */
function inAgreement({ id }: Operation, parts: Parts): Parts {
  const { 'idempotency-key': _, ...unkeyed } = parts.headers
  // A secret is shown once, so no reply can be given again.
  if (id === 'createApiKey') return { ...parts, headers: unkeyed }
  // Only a list itself can make one.
  if (id.startsWith('list')) return { ...parts, query: parts.query.filter(([name]) => name !== 'cursor') }
  if (id !== 'submitTask' && id !== 'submitTasks') return parts
  return { ...parts, ...said(onceDue(parts.sent)) }
}

/** A task is due at a moment or after a while, not both. */
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
            .map(([parts, { what, value }]) => ({ ...parts, what: `body: ${what}`, ...said(value) })),
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
  // Text has no type of its own: what is wrong must be wrong as text too.
  const broken = brokenValue(schema.type === 'array' ? (schema.items ?? {}) : schema)
    .filter(({ what, value }) => isWrongAsText(what, value, schema))
    .map(({ what, value }) => ({ what: `${name}: ${what}`, text: String(value) }))
  // Any text is a header, and what is none never arrives.
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

function isWrongAsText(what: string, value: unknown, { type, enum: words, pattern, format }: JsonSchema): boolean {
  if (typeof value === 'string' && !value.isWellFormed()) return false
  if (what === 'a NUL') return true
  const isBounded =
    ['integer', 'array'].includes(String(type)) || words || pattern !== undefined || format !== undefined
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

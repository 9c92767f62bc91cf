import { isDeepStrictEqual } from 'node:util'
import type { ApiRequest } from './api-request.ts'
import type { ApiWorld } from './api-world.ts'
import type { Complaint } from './area.ts'
import type { JsonSchema } from './document.ts'
import { exposureIn } from './judge-reply.ts'

type Fields = Readonly<Record<string, unknown>>

/** Checks that the reply, and a later read, contain what was sent. */
export async function judgeReadBack(
  world: ApiWorld,
  { operation, sent }: ApiRequest,
  body: string,
): Promise<Complaint> {
  if (sent === null || typeof sent !== 'object' || operation.result === undefined) return undefined
  const reply = JSON.parse(body) as Fields
  if (operation.id === 'submitTasks')
    return batchFlaw(world, (sent as { tasks: Fields[] }).tasks, reply.ids as string[])
  const flaw = differenceOf(sent as Fields, reply, operation.result)
  if (flaw !== undefined) return `answers a different ${flaw}`
  return readFlaw(await readAgain(world, operation.path, String(reply.id)), sent as Fields, operation.result)
}

/** The outcome of a later read: the object, or why it cannot be read. */
type Reading = { readonly stored: Fields } | { readonly complaint: string }

function readFlaw(reading: Reading, sent: Fields, schema: JsonSchema): Complaint {
  if ('complaint' in reading) return reading.complaint
  const lost = differenceOf(sent, reading.stored, schema)
  return lost === undefined ? undefined : `stored a different ${lost}`
}

async function batchFlaw(world: ApiWorld, tasks: readonly Fields[], ids: readonly string[]): Promise<Complaint> {
  if (ids.length !== tasks.length) return `answers ${ids.length} ids to ${tasks.length} tasks`
  const { result = {} } = world.operations.find(({ id }) => id === 'getTask') ?? {}
  for (const [index, task] of tasks.entries()) {
    const flaw = readFlaw(await readAgain(world, '/v1/tasks', ids[index] ?? ''), task, result)
    if (flaw !== undefined) return `task ${index} of the batch: ${flaw}`
  }
  return undefined
}

/** Reads an object by its address, or from its list where it has none. */
async function readAgain(world: ApiWorld, path: string, id: string): Promise<Reading> {
  const collection = path.split('/{', 1)[0] ?? ''
  if (world.operations.some((each) => each.method === 'GET' && each.path === `${collection}/{id}`)) {
    const reply = await world.send('admin', { method: 'GET', url: `${collection}/${id}` })
    if (reply.statusCode === 200) return { stored: reply.json<Fields>() }
    const complaint = exposureIn(reply.json<{ detail: string }>().detail)
    return { complaint: complaint ?? `cannot be read back: ${reply.statusCode} ${reply.body.slice(0, 300)}` }
  }
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = cursor === '' ? {} : { cursor }
    const reply = await world.send('admin', { method: 'GET', url: collection, query: { limit: '200', ...query } })
    const page = reply.json<{ items: Fields[]; nextCursor: string | null }>()
    const found = page.items.find((item) => item.id === id)
    if (found) return { stored: found }
    cursor = page.nextCursor
  }
  return { complaint: `is not in the list ${collection}` }
}

/** Returns the first field that differs from the one sent. Fields that the reply does not describe are not compared. */
function differenceOf(sent: Fields, got: Fields, { properties = {} }: JsonSchema, at = ''): string | undefined {
  for (const [name, value] of Object.entries(sent)) {
    const schema = properties[name]
    if (!schema) continue
    const flaw = difference(value, got[name], schema, at + name)
    if (flaw !== undefined) return flaw
  }
  return undefined
}

function difference(sent: unknown, got: unknown, schema: JsonSchema, at: string): string | undefined {
  const isSame = (): boolean => isDeepStrictEqual(withoutMinusZero(sent), got)
  if (schema.format === 'date-time' && typeof sent === 'string' && typeof got === 'string')
    return Date.parse(sent) === Date.parse(got) ? undefined : differs(at, sent, got)
  // Omitted fields have defaults in the reply.
  if (schema.properties && sent !== null && got !== null && typeof got === 'object')
    return differenceOf(sent as Fields, got as Fields, schema, `${at}/`)
  return isSame() ? undefined : differs(at, sent, got)
}

const differs = (at: string, sent: unknown, got: unknown): string =>
  `${at}: sent ${JSON.stringify(sent)?.slice(0, 200)}, got ${JSON.stringify(got)?.slice(0, 200)}`

/** Replaces minus zero by zero, as most writers of JSON do. */
function withoutMinusZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return value.map(withoutMinusZero)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutMinusZero(each)]))
}

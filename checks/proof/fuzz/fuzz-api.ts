import { checkInvariants } from '@taskflow/testing/invariants'
import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import { type ApiRequest, requestOf } from './api-request.ts'
import { type ApiWorld, openApiWorld } from './api-world.ts'
import { type Area, type Complaint, type Effort, failureOf, type Round } from './area.ts'
import { judgeList } from './judge-list.ts'
import { judgeAcceptance, judgeReply } from './judge-reply.ts'
import { judgeReadBack } from './read-back.ts'
import { standingOf, writtenSince } from './stored.ts'

/** The requests of one round, over all operations. */
const RUNS = 600

/**
 * Sends requests to every operation of the document, drawn from the document: valid ones, some with one flaw, and
 * hostile ones. Checks each reply against the document, and against the rows of the database before and after the
 * request.
 */
export const apiArea: Area = {
  name: 'api',
  summary: 'every operation of the OpenAPI document',
  async open() {
    const world = await openApiWorld()
    return { round: (seed) => apiRound(world, { seed, runs: RUNS }), close: () => world.close() }
  },
}

export async function apiRound(world: ApiWorld, effort: Effort): Promise<Round> {
  await world.reset()
  const tried: Record<string, number> = {}
  const failure = await failureOf({
    what: 'each request is answered as documented',
    input: fc.oneof(...world.operations.map(requestOf)),
    show: (request) => describe(request, addressOf(world, request)),
    ...effort,
    async complaintOf(request) {
      tried[request.kind] = (tried[request.kind] ?? 0) + 1
      return judge(world, request)
    },
  })
  const broken = await checkInvariants(world.db)
  return {
    tried,
    failures: [
      ...(failure ? [failure] : []),
      ...broken.map((sentence) => ({
        what: 'the invariants hold',
        input: `all requests of seed ${effort.seed}`,
        sentence,
      })),
    ],
  }
}

async function judge(world: ApiWorld, request: ApiRequest): Promise<Complaint> {
  const url = addressOf(world, request)
  const before = await standingOf(world)
  const reply = await world.send(request.as, optionsOf(request, url))
  const complaint = judgeReply(request, reply, url) ?? judgeAcceptance(request, reply)
  if (complaint !== undefined) return `${request.what}: ${complaint}`
  if (reply.statusCode >= 400) {
    const written = await writtenSince(world, before)
    return written === undefined ? undefined : `answers ${reply.statusCode}, but wrote to ${written}`
  }
  if (request.kind !== 'valid' || !reply.headers['content-type']?.toString().includes('json')) return undefined
  learnFrom(world, request, reply.body)
  if (request.operation.method === 'GET') return judgeList(world, request, url, reply.body)
  return judgeReadBack(world, request, reply.body)
}

// An object with a shorter retention may expire before it is requested.
const SHORTEST_RETENTION_MS = 60_000

interface Created {
  readonly id?: string
  readonly retentionMs?: number | null
}

/** Remembers created objects for the requests that follow. */
function learnFrom(world: ApiWorld, { operation, sent }: ApiRequest, body: string): void {
  if (operation.method !== 'POST') return
  const { ids = [], ...one } = JSON.parse(body) as Created & { ids?: string[] }
  const { tasks = [] } = (sent ?? {}) as { tasks?: Created[] }
  const many = ids.map((id, index): Created => ({ ...tasks[index], id }))
  for (const { id, retentionMs } of [one, ...many])
    if (id !== undefined && (retentionMs ?? SHORTEST_RETENTION_MS) >= SHORTEST_RETENTION_MS)
      world.learn(collectionOf(operation.path), id)
}

const collectionOf = (path: string): string => path.replace(/\/(\{.*|batch)$/, '')

function addressOf(world: ApiWorld, { operation, path, query }: ApiRequest): string {
  const known = world.known(collectionOf(operation.path))
  const chosen = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const choice = path[name]
    const text =
      typeof choice === 'number' ? (known[choice % known.length] ?? '00000000-0000-7000-8000-000000000000') : choice
    return escaped(text ?? '')
  })
  const search = query.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join('&')
  return search === '' ? chosen : `${chosen}?${search}`
}

const escaped = (text: string): string => encodeURIComponent(text.toWellFormed())

function optionsOf({ operation, headers, body }: ApiRequest, url: string): InjectOptions {
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  return {
    method: operation.method as 'GET',
    url,
    headers: { ...type, ...headers },
    ...(body !== undefined && { payload: body }),
  }
}

function describe({ operation, as, headers, body }: ApiRequest, url: string): string {
  const text = body?.toString() ?? ''
  const lines = [
    `${operation.method} ${url}`,
    ...Object.entries({ as, ...headers }).map(([name, value]) => `${name}: ${value.slice(0, 200)}`),
    ...(text === '' ? [] : [text.length > 1_000 ? `${text.slice(0, 1_000)}… (${text.length} characters)` : text]),
  ]
  return lines.join('\n')
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { ALL_ERRORS as ERRORS } from '@taskflow/server/errors'
import { checkInvariants } from '@taskflow/testing/invariants'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { eventually, within } from '@taskflow/testing/wait'
import { type ApiWorld, openApiWorld } from './api-world.ts'
import { type Area, type Complaint, type Effort, failureOf, type Round } from './area.ts'
import { type Wire, wireOf } from './wire-bytes.ts'

const RUNS = 200

/** Sends bytes that are nearly HTTP. */
export const wireArea: Area = {
  name: 'wire',
  summary: 'bytes on a connection that are nearly HTTP',
  async open() {
    const world = await openApiWorld()
    await world.app.listen({ host: '127.0.0.1', port: 0 })
    return { round: (seed) => wireRound(world, { seed, runs: RUNS }), close: () => world.close() }
  },
}

export async function wireRound(world: ApiWorld, effort: Effort): Promise<Round> {
  await world.reset()
  let conversations = 0
  const failure = await failureOf({
    what: 'each conversation is answered or closed, and stores exactly the tasks that it confirms',
    input: wireOf(world.authorization('admin')),
    show: ({ what, bytes }) => `${what}\n${JSON.stringify(bytes.toString('latin1')).slice(0, 2_000)}`,
    ...effort,
    complaintOf(wire) {
      conversations++
      return judge(world, wire)
    },
  })
  const violations = await checkInvariants(world.db)
  return {
    tried: { conversations },
    failures: [
      ...(failure ? [failure] : []),
      ...violations.map((sentence) => ({ what: 'the invariants hold', input: `seed ${effort.seed}`, sentence })),
    ],
  }
}

// Much longer than an answer takes: a caller that sends no more is answered or disconnected immediately.
const PATIENCE_MS = 30_000

async function judge(world: ApiWorld, { bytes }: Wire): Promise<Complaint> {
  const before = await storedIn(world)
  const received = await converse(world, bytes)
  const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
  const failed = statuses.find((status) => status >= 500)
  if (failed !== undefined) return `answers ${failed}: ${received.slice(0, 500)}`
  const flaw = problemFlaw(received)
  if (flaw !== undefined) return flaw
  const stored = (await storedIn(world)) - before
  const confirmed = statuses.filter((status) => status === 201).length
  if (stored !== confirmed) return `stored ${stored} tasks and confirmed ${confirmed}`
  const { statusCode } = await world.send('admin', { method: 'GET', url: '/v1/me' })
  return statusCode === 200 ? undefined : `answers ${statusCode} to the next caller`
}

/**
 * Sends all bytes, receives the answers to complete requests, and closes. Closing immediately would lose the answers.
 */
async function converse({ app: { server } }: ApiWorld, bytes: Buffer): Promise<string> {
  const unanswered = new Map<ServerResponse, IncomingMessage>()
  const note = (request: IncomingMessage, response: ServerResponse): void => {
    unanswered.set(response, request)
    response.once('close', () => unanswered.delete(response))
  }
  server.on('request', note)
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  const chunks: string[] = []
  socket.setEncoding('utf8').on('data', (chunk: string) => void chunks.push(chunk))
  // A reset is a valid answer.
  const closed = new Promise<void>((resolve) => socket.on('error', () => undefined).once('close', () => resolve()))
  socket.write(bytes)
  const other = await accepted
  const left = new Promise<void>((resolve) => other.once('close', () => resolve()))
  // A request with an incomplete body never gets an answer.
  const isQuiet = () => other.bytesRead >= bytes.length && [...unanswered.values()].every(({ complete }) => !complete)
  await eventually(() => socket.closed || isQuiet(), { timeoutMs: PATIENCE_MS })
  socket.end()
  await within(PATIENCE_MS, Promise.all([closed, left]), 'both ends of a connection to be closed')
  server.off('request', note)
  return chunks.join('')
}

async function storedIn({ db }: ApiWorld): Promise<number> {
  const [row] = await rowsOf<{ tasks: number }>(db, 'select count(*)::integer as tasks from task')
  return row?.tasks ?? 0
}

/** Checks every problem in the received bytes. */
function problemFlaw(received: string): Complaint {
  for (const [, body = ''] of received.matchAll(/\r\n\r\n(\{"type":"\/docs\/errors.*?\})(?=HTTP\/1\.1 |$)/gs)) {
    const { code, detail } = JSON.parse(body) as { code: string; detail: string }
    if (!(code in ERRORS)) return `answers an unlisted code: ${code}`
    if (/\bat .+:\d+:\d+|node_modules/.test(detail)) return `exposes internals: ${detail}`
  }
  return undefined
}

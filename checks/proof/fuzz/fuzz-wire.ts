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

/** What is nearly HTTP, byte by byte on a connection. */
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
    what: 'each conversation is answered or ended, and stores what it was told that it stored',
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

// Far more than an answer takes: whoever says no more is answered or left at once.
const PATIENCE_MS = 30_000

async function judge(world: ApiWorld, { bytes }: Wire): Promise<Complaint> {
  const before = await storedIn(world)
  const said = await converse(world, bytes)
  const statuses = [...said.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
  const failed = statuses.find((status) => status >= 500)
  if (failed !== undefined) return `answers ${failed}: ${said.slice(0, 500)}`
  const flaw = problemFlaw(said)
  if (flaw !== undefined) return flaw
  const stored = (await storedIn(world)) - before
  const told = statuses.filter((status) => status === 201).length
  if (stored !== told) return `stored ${stored} tasks and told of ${told}`
  const { statusCode } = await world.send('admin', { method: 'GET', url: '/v1/me' })
  return statusCode === 200 ? undefined : `answers ${statusCode} to the next caller`
}

/** Says all, hears what is answered to whole requests, and ends. To end at once would be to forgo the answers. */
async function converse({ app: { server } }: ApiWorld, bytes: Buffer): Promise<string> {
  const unanswered = new Map<ServerResponse, IncomingMessage>()
  const note = (request: IncomingMessage, response: ServerResponse): void => {
    unanswered.set(response, request)
    response.once('close', () => unanswered.delete(response))
  }
  server.on('request', note)
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  const heard: string[] = []
  socket.setEncoding('utf8').on('data', (chunk: string) => void heard.push(chunk))
  // Being cut off is an answer.
  const closed = new Promise<void>((resolve) => socket.on('error', () => undefined).once('close', () => resolve()))
  socket.write(bytes)
  const other = await accepted
  const left = new Promise<void>((resolve) => other.once('close', () => resolve()))
  // What waits for the rest of its body waits for ever.
  const isQuiet = () => other.bytesRead >= bytes.length && [...unanswered.values()].every(({ complete }) => !complete)
  await eventually(() => socket.closed || isQuiet(), { timeoutMs: PATIENCE_MS })
  socket.end()
  await within(PATIENCE_MS, Promise.all([closed, left]), 'both ends of a conversation to be closed')
  server.off('request', note)
  return heard.join('')
}

async function storedIn({ db }: ApiWorld): Promise<number> {
  const [row] = await rowsOf<{ tasks: number }>(db, 'select count(*)::integer as tasks from task')
  return row?.tasks ?? 0
}

/** Of every refusal that has a body. */
function problemFlaw(said: string): Complaint {
  for (const [, body = ''] of said.matchAll(/\r\n\r\n(\{"type":"\/docs\/errors.*?\})(?=HTTP\/1\.1 |$)/gs)) {
    const { code, detail } = JSON.parse(body) as { code: string; detail: string }
    if (!(code in ERRORS)) return `answers a code that is not listed: ${code}`
    if (/\bat .+:\d+:\d+|node_modules/.test(detail)) return `shows its insides: ${detail}`
  }
  return undefined
}

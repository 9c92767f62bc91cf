import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import { bodyLimitFor } from '@taskflow/tasks/admission'
import { checkInvariants } from '@taskflow/testing/invariants'
import { rowsOf } from '@taskflow/testing/raw-sql'
import fc from 'fast-check'
import { type ApiWorld, MAX_PAYLOAD_BYTES, openApiWorld } from './api-world.ts'
import { type Area, type Complaint, type Effort, type Failure, failureOf, type Round } from './area.ts'
import { bytesOf, chunksOf, typeOf, type Upload, uploadOf } from './upload.ts'

const RUNS = 60

const NEWLINE = 0x0a

const ABORTED_KEEPS_LINES = 'an aborted upload stores only whole lines, once and in order, and every confirmed line'

/** Uploads NDJSON, split into chunks anywhere, with good and bad lines mixed, some aborted in the middle. */
export const linesArea: Area = {
  name: 'lines',
  summary: 'submission as NDJSON',
  async open() {
    const world = await openApiWorld()
    await world.app.listen({ host: '127.0.0.1', port: 0 })
    return { round: (seed) => linesRound(world, { seed, runs: RUNS }), close: () => world.close() }
  },
}

export async function linesRound(world: ApiWorld, effort: Effort): Promise<Round> {
  await world.reset()
  const schema = world.operations.find(({ id }) => id === 'submitTasks')?.bodies['application/x-ndjson']
  if (!schema) throw new TypeError('Expected the document to describe the lines of a submission')
  const uploads = uploadOf(schema, bodyLimitFor(MAX_PAYLOAD_BYTES))
  const tried: Record<string, number> = {}
  const count = (kind: string, upload: Upload): void => {
    tried[kind] = (tried[kind] ?? 0) + 1
    for (const { kind } of upload.lines) tried[`${kind} lines`] = (tried[`${kind} lines`] ?? 0) + 1
  }
  let uploaded = 0
  const aborted: Aborted[] = []
  const whole = await failureOf({
    what: 'every good line is stored once and in order, every bad line is reported, and nothing else is stored',
    input: uploads,
    show: describe,
    ...effort,
    complaintOf(upload) {
      count('whole uploads', upload)
      return judgeWhole(world, upload, typeOf(uploaded++))
    },
  })
  const broken = await failureOf({
    what: ABORTED_KEEPS_LINES,
    input: fc.record({ upload: uploads, share: fc.double({ min: 0, max: 1, noNaN: true }), isPatient: fc.boolean() }),
    show: ({ upload, share }) => `${describe(upload)}\naborted after ${share} of the bytes`,
    ...effort,
    runs: Math.ceil(effort.runs / 3),
    async complaintOf(each) {
      count('aborted uploads', each.upload)
      const left = await abort(world, each, typeOf(uploaded++))
      aborted.push(left)
      return judgeKept(world, left)
    },
  })
  // Lines of an aborted upload may be stored after the first check.
  const late: Failure[] = []
  for (const left of aborted) {
    const sentence = await judgeKept(world, left)
    if (sentence !== undefined && !broken)
      late.push({ what: ABORTED_KEEPS_LINES, input: describe(left.upload), sentence })
  }
  const violations = await checkInvariants(world.db)
  return {
    tried,
    failures: [
      ...[whole, broken, ...late].filter((failure) => failure !== undefined),
      ...violations.map((sentence) => ({
        what: 'the invariants hold',
        input: `uploads of seed ${effort.seed}`,
        sentence,
      })),
    ],
  }
}

interface Stored {
  readonly id: string
  readonly payload: string
}

const storedOf = (world: ApiWorld, type: string): Promise<Stored[]> =>
  rowsOf<Stored>(world.db, 'select id, payload::text from task where type = $1 order by id', [type])

interface ReplyLine {
  readonly line: number
  readonly id?: string
  readonly error?: { readonly code: string; readonly detail: string }
}

const repliesIn = (text: string): ReplyLine[] =>
  text
    .split('\n')
    .filter((each) => each !== '')
    .map((each) => JSON.parse(each) as ReplyLine)

async function submit(
  world: ApiWorld,
  upload: Upload,
  type: string,
): Promise<{ status: number; replies: ReplyLine[] }> {
  const reply = await world.send('admin', {
    method: 'POST',
    url: '/v1/tasks/batch',
    headers: { 'content-type': 'application/x-ndjson', ...(upload.isKeyed && { 'idempotency-key': type }) },
    payload: Readable.from(chunksOf(upload, type), { objectMode: false }),
  })
  return { status: reply.statusCode, replies: reply.statusCode === 201 ? repliesIn(reply.body) : [] }
}

async function judgeWhole(world: ApiWorld, upload: Upload, type: string): Promise<Complaint> {
  const { status, replies } = await submit(world, upload, type)
  if (status !== 201) return `answers ${status}`
  const expected = upload.lines
    .map(({ kind }, index) => ({ line: index + 1, kind }))
    .filter(({ kind }) => kind !== 'blank')
  const got = replies.map(({ line, id }) => ({ line, kind: id === undefined ? 'bad' : 'good' }))
  if (!isDeepStrictEqual(got, expected)) return `expected ${JSON.stringify(expected)}, got ${JSON.stringify(replies)}`
  const complaint = judgeStored(upload, replies, await storedOf(world, type))
  if (complaint !== undefined || !upload.isKeyed) return complaint
  const again = (await submit(world, upload, type)).replies
  const ids = (all: readonly ReplyLine[]) => all.map(({ id }) => id)
  if (!isDeepStrictEqual(ids(again), ids(replies))) return 'a different reply when it is repeated with its key'
  return judgeStored(upload, replies, await storedOf(world, type))
}

function judgeStored({ lines }: Upload, replies: readonly ReplyLine[], stored: readonly Stored[]): Complaint {
  const reported = replies.flatMap(({ id }) => (id === undefined ? [] : [id])).join()
  const kept = stored.map(({ id }) => id).join()
  if (reported !== kept) return `reported ${reported}, stored ${kept}`
  const payloads = lines.flatMap((line) => (line.kind === 'good' ? [JSON.stringify(line.payload)] : []))
  return isDeepStrictEqual(payloadsOf(stored), payloads) ? undefined : `sent ${payloads}, stored ${payloadsOf(stored)}`
}

const payloadsOf = (stored: readonly Stored[]): string[] =>
  stored.map(({ payload }) => JSON.stringify(JSON.parse(payload)))

interface Cut {
  readonly upload: Upload
  readonly share: number
  /** Whether the caller waits for a first reply before it aborts, where a reply must come. */
  readonly isPatient: boolean
}

/** An upload that its caller aborted. */
interface Aborted {
  readonly upload: Upload
  readonly type: string
  /** Payloads of the good lines that were sent completely. */
  readonly payloads: readonly string[]
  /** Ids that the caller received. */
  readonly confirmed: readonly string[]
}

/** Sends a part of an upload and closes the connection. */
async function abort(world: ApiWorld, { upload, share, isPatient }: Cut, type: string): Promise<Aborted> {
  const bytes = bytesOf(upload, type)
  const sent = bytes.subarray(0, Math.floor(share * bytes.length))
  const wholeLines = upload.lines.slice(0, sent.filter((byte) => byte === NEWLINE).length)
  const isAnswered = wholeLines.some(({ kind }) => kind !== 'blank')
  const confirmed = await sendAndLeave(world, sent, isPatient && isAnswered)
  const payloads = wholeLines.flatMap(({ kind, payload }) => (kind === 'good' ? [JSON.stringify(payload)] : []))
  return { upload, type, payloads, confirmed }
}

async function judgeKept(world: ApiWorld, { type, payloads, confirmed }: Aborted): Promise<Complaint> {
  const stored = await storedOf(world, type)
  const kept = payloadsOf(stored)
  if (!isDeepStrictEqual(kept, payloads.slice(0, kept.length))) return `sent ${payloads}, but stored ${kept}`
  const lost = confirmed.find((id) => !stored.some((each) => each.id === id))
  return lost === undefined ? undefined : `confirmed ${lost}, but did not store it`
}

/** Sends bytes and closes the connection. Resolves with the ids that were confirmed before. */
async function sendAndLeave(world: ApiWorld, sent: Buffer, waitsForReply: boolean): Promise<string[]> {
  const upload = request({
    host: '127.0.0.1',
    port: (world.app.server.address() as AddressInfo).port,
    method: 'POST',
    path: '/v1/tasks/batch',
    headers: { authorization: world.authorization('admin'), 'content-type': 'application/x-ndjson' },
  })
  // The expected end is a connection reset.
  upload.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => upload.once('close', resolve))
  let text = ''
  const replied = new Promise<void>((resolve) => {
    upload.on('response', (response) => {
      response.on('error', () => undefined)
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        resolve()
      })
    })
  })
  await new Promise<void>((resolve) => upload.write(sent, () => resolve()))
  if (waitsForReply) await replied
  upload.destroy()
  await closed
  return repliesIn(text.slice(0, text.lastIndexOf('\n') + 1)).flatMap(({ id }) => (id === undefined ? [] : [id]))
}

const describe = (upload: Upload): string =>
  upload.lines
    .map(
      ({ kind, bytes }) =>
        `${kind}: ${bytes.length > 300 ? `${bytes.subarray(0, 300)}… (${bytes.length} bytes)` : bytes}`,
    )
    .concat(`split at ${upload.cuts.join()}, ${upload.endsWithNewline ? 'ends' : 'does not end'} with a newline`)
    .join('\n')

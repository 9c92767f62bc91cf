import { isDeepStrictEqual } from 'node:util'
import type { Database } from '@taskflow/database'
import { pgliteDatabase } from '@taskflow/database'
import { rowsOf } from '@taskflow/testing/raw-sql'
import fc from 'fast-check'
import { decodeNdjson, encodeNdjson } from '../../../packages/sdk/src/ndjson.ts'
import { decodeMessage, encodeMessage } from '../../../platform/brokers/src/rabbitmq/message.ts'
import { textArray } from '../../../platform/database/src/array-text.ts'
import { encodeCursor, readPage } from '../../../platform/http/src/cursor.ts'
import { lineGroups } from '../../../platform/http/src/read-lines.ts'
import { type Area, type Complaint, type Effort, type Failure, failureOf, type Round } from './area.ts'
import { hostileText } from './hostile.ts'
import { PARSERS, type Parser } from './parsers.ts'
import { slowness } from './slowness.ts'
import { validMoment } from './valid-values.ts'

const RUNS = 150

/** Tries every function that reads text from outside. */
export const parsersArea: Area = {
  name: 'parsers',
  summary: 'every function that reads text from outside',
  async open() {
    const db = await pgliteDatabase()
    return { round: (seed) => parsersRound(db, PARSERS, { seed, runs: RUNS }), close: () => db.close() }
  },
}

/** Text that resembles the expected formats, and any other text. */
const text: fc.Arbitrary<string> = fc.oneof(
  hostileText,
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'a', '\0', '\n', ' ', '\u001b[31m', '\u0301', '字') }),
  fc.string({ unit: fc.constantFrom('0', '9', '.', '-', 'e', 's', 'd', 'ms', 'h', '=', ',', '*', 'mail', ' ') }),
  fc.json(),
  validMoment,
)

export async function parsersRound(db: Database, parsers: readonly Parser[], effort: Effort): Promise<Round> {
  const tried: Record<string, number> = { texts: 0, 'round trips': 0, 'long texts': 0 }
  const failures: (Failure | undefined)[] = []
  for (const parser of parsers)
    failures.push(
      await failureOf({
        what: `${parser.name} reads any text, or throws its documented error`,
        input: text,
        ...effort,
        complaintOf(given) {
          tried.texts = (tried.texts ?? 0) + 1
          return complaintOf(parser, given)
        },
      }),
    )
  for (const trip of roundTrips(db))
    failures.push(
      await failureOf({
        ...trip,
        ...effort,
        complaintOf(given: never) {
          tried['round trips'] = (tried['round trips'] ?? 0) + 1
          return trip.complaintOf(given)
        },
      }),
    )
  failures.push(
    await failureOf({
      what: 'the time of a parser grows linearly with the text',
      input: fc.record({ parser: fc.constantFrom(...parsers), long: longText }),
      show: ({ parser, long }) => `${parser.name} of ${JSON.stringify(long)}`,
      ...effort,
      complaintOf({ parser, long }) {
        tried['long texts'] = (tried['long texts'] ?? 0) + 1
        return slowness(parser, long)
      },
    }),
  )
  return { tried, failures: failures.filter((failure) => failure !== undefined) }
}

function complaintOf({ read, mayThrow, flawOf }: Parser, given: string): Complaint {
  let found: unknown
  try {
    found = read(given)
  } catch (error) {
    return mayThrow?.(error) ? undefined : `throws ${error}`
  }
  return flawOf?.(found, given)
}

// Repetitions that make patterns backtrack: blanks, line breaks, digits, quotes, brackets, zero-width characters.
const PUMPS = [
  ' ',
  '\t',
  '\n',
  'a',
  '0',
  '-',
  '/',
  '\\',
  '"',
  '[',
  '{',
  ',',
  ';',
  '=',
  '*',
  '%',
  '\u0301',
  '\u001b[',
  '\u001b]',
  '字',
  ' \n',
  'a,',
  '{"a":',
  '\\u',
]

const longText = fc.record({
  before: fc.constantFrom('', 'a', '"', '[', 'https://', 'a=', '2026-'),
  pump: fc.constantFrom(...PUMPS),
  after: fc.constantFrom('', 'x', '\n', '"', '!', '='),
})

interface Trip {
  readonly what: string
  readonly input: fc.Arbitrary<never>
  complaintOf(given: never): Complaint | Promise<Complaint>
}

const trip = <Input>(
  what: string,
  input: fc.Arbitrary<Input>,
  complaintOf: (given: Input) => Complaint | Promise<Complaint>,
): Trip => ({ what, input, complaintOf }) as unknown as Trip

const same = (got: unknown, expected: unknown): Complaint =>
  isDeepStrictEqual(got, expected) ? undefined : `wrote ${JSON.stringify(expected)}, read ${JSON.stringify(got)}`

const storable = fc.string({ unit: 'binary' }).map((each) => each.replaceAll('\0', ''))

const chunked = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size))

/** Checks that written values can be read. */
const roundTrips = (db: Database): readonly Trip[] => [
  trip('PostgreSQL reads an array as it was written', fc.array(fc.option(storable)), async (items) => {
    const [row] = await rowsOf<{ items: unknown }>(db, 'select $1::text[] as items', [textArray(items)])
    return same(row?.items, items.every((item) => item === null) ? [] : items)
  }),
  trip(
    'a message is read as it was written',
    fc.record({ taskId: fc.uuid(), rankMs: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
    ({ taskId, rankMs }) =>
      same(decodeMessage(encodeMessage({ taskId: taskId as never, rankMs })), {
        taskId,
        rankMs: rankMs === 0 ? 0 : rankMs,
      }),
  ),
  trip('a page begins after its cursor', fc.string({ unit: 'binary' }), async (after) => {
    let received: string | undefined
    const read = async (page: { after?: string }) => {
      received = page.after
      return []
    }
    await readPage({ cursor: encodeCursor(after) }, { read, positionOf: String, isPosition: () => true })
    return same(received, after)
  }),
  trip(
    'lines of JSON are read as they were written, in chunks of any size',
    fc.tuple(fc.array(fc.jsonValue()), fc.integer({ min: 1, max: 9 })),
    async ([items, size]) => {
      const bytes = await Array.fromAsync(encodeNdjson(items).stream)
      const stream = ReadableStream.from(chunked(Buffer.concat(bytes), size))
      const read = await Array.fromAsync(decodeNdjson(stream as ReadableStream<Uint8Array>))
      return same(read, JSON.parse(JSON.stringify(items)))
    },
  ),
  trip(
    'lines are split at their ends, in chunks of any size',
    fc.tuple(
      fc.array(fc.string({ unit: 'binary' }).map((each) => each.replaceAll('\n', ''))),
      fc.integer({ min: 1, max: 9 }),
    ),
    async ([lines, size]) => {
      const input = chunked(Buffer.from(lines.map((each) => `${each}\n`).join('')), size)
      const groups = await Array.fromAsync(lineGroups(asyncOf(input), 1_000))
      const got = groups.flat().map(({ number, bytes }) => [number, bytes.toString()])
      const expected = lines.map((each, index) => [index + 1, each]).filter(([, each]) => /[^ \t\r]/.test(String(each)))
      return same(got, expected)
    },
  ),
]

async function* asyncOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks
}

import fc from 'fast-check'
import { brokenValue } from './broken-values.ts'
import type { JsonSchema } from './document.ts'
import { jsonText } from './json-text.ts'
import { validValue } from './valid-values.ts'

/** One line of an upload; a good line becomes a task. */
export interface FuzzedLine {
  readonly kind: 'good' | 'bad' | 'blank'
  readonly bytes: Buffer
  /** The payload of a good line. */
  readonly payload?: unknown
}

export interface Upload {
  readonly lines: readonly FuzzedLine[]
  readonly endsWithNewline: boolean
  /** Where the bytes are split into chunks, as shares of the whole. */
  readonly cuts: readonly number[]
  readonly isKeyed: boolean
}

const TYPE = 'fuzz.000000'

/**
 * Returns the type of the tasks of one upload, always of the same length. Each upload has its own type, so that late
 * tasks of an earlier, aborted upload are not counted for this one.
 */
export const typeOf = (upload: number): string => `fuzz.${String(upload % 1_000_000).padStart(6, '0')}`

const line = (kind: FuzzedLine['kind'], text: string | Buffer): FuzzedLine => ({ kind, bytes: Buffer.from(text) })

/** Draws uploads of valid tasks, of tasks with one flaw, and of lines that are no tasks. */
export function uploadOf(schema: JsonSchema, maxLineBytes: number): fc.Arbitrary<Upload> {
  return fc.record({
    lines: fc.array(
      fc.oneof(
        { arbitrary: goodLine(schema), weight: 5 },
        { arbitrary: badLine(schema, maxLineBytes), weight: 3 },
        {
          arbitrary: fc.constantFrom('', ' ', '\t', '\r', ' \r', '\ufeff').map((text) => line('blank', text)),
          weight: 1,
        },
      ),
      { maxLength: 14 },
    ),
    endsWithNewline: fc.boolean(),
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
    isKeyed: fc.boolean(),
  })
}

function goodLine(schema: JsonSchema): fc.Arbitrary<FuzzedLine> {
  const around = fc.tuple(fc.constantFrom('', ' ', '\t', '\ufeff'), fc.constantFrom('', '\r', ' \r', '  '))
  return fc.tuple(validValue(schema), around).map(([task, [before, after]]) => {
    const { delayMs: _, payload = null, ...fields } = task as Record<string, unknown>
    const text = jsonText({ ...fields, payload, type: TYPE })
    return { ...line('good', `${before}${text}${after}`), payload }
  })
}

const INVALID_LINES: readonly (string | Buffer)[] = [
  'nonsense',
  'null',
  '[]',
  '{}',
  `{"type":"${TYPE}"`,
  `{"type":"${TYPE}"}{"type":"${TYPE}"}`,
  `{"type":"${TYPE}"},`,
  `\ufeff\ufeff{"type":"${TYPE}"}`,
  `{"type":"${TYPE}","payload":"\u0000"}`,
  Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
  Buffer.from(`{"type":"${TYPE}"}`, 'utf16le').subarray(0, 20),
]

function badLine(schema: JsonSchema, maxLineBytes: number): fc.Arbitrary<FuzzedLine> {
  return fc.oneof(
    { arbitrary: brokenValue(schema).map(({ value }) => line('bad', jsonText(value))), weight: 6 },
    { arbitrary: fc.constantFrom(...INVALID_LINES).map((text) => line('bad', text)), weight: 4 },
    { arbitrary: fc.nat(2_000).map((more) => line('bad', `"${'x'.repeat(maxLineBytes + more)}"`)), weight: 1 },
  )
}

export function bytesOf({ lines, endsWithNewline }: Upload, type: string): Buffer {
  const whole = Buffer.concat(lines.flatMap(({ bytes }) => [bytes, Buffer.from('\n')]))
  // Latin-1 keeps every byte, since not all bytes are text.
  const named = Buffer.from(whole.toString('latin1').replaceAll(TYPE, type), 'latin1')
  return endsWithNewline ? named : named.subarray(0, Math.max(0, named.length - 1))
}

/** Splits the bytes anywhere: also within a character, and into empty chunks. */
export function chunksOf(upload: Upload, type: string): Buffer[] {
  const bytes = bytesOf(upload, type)
  const places = upload.cuts.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b)
  return [...places, bytes.length].map((end, index) => bytes.subarray(places[index - 1] ?? 0, end))
}

import { describe, expect, test } from 'vitest'
import type { LogEntry } from '../protocol.ts'
import { attemptLog } from './attempt-log.ts'

/** Logs one line, and returns its fields as a reader gets them. */
function fieldsOf(fields: unknown): unknown {
  const entries: Omit<LogEntry, 'key'>[] = []
  attemptLog((entry) => entries.push(entry)).info('line', fields as never)
  const text = entries[0]?.fields
  return typeof text === 'string' ? JSON.parse(text) : text
}

describe('shows what JSON would lose as text', () => {
  test.each([
    [{ a: new Map([['x', 1]]) }, { a: "Map(1) { 'x' => 1 }" }],
    [{ a: new Set([1, 2]) }, { a: 'Set(2) { 1, 2 }' }],
    [{ a: [Number.NaN, Number.POSITIVE_INFINITY, 10n] }, { a: ['NaN', 'Infinity', '10'] }],
    [{ a: Symbol('s') }, { a: 'Symbol(s)' }],
    [{ a: Promise.resolve(7) }, { a: 'Promise { 7 }' }],
  ])('%o', (fields, shown) => {
    expect(fieldsOf(fields)).toEqual(shown)
  })

  test('an error with its causes and inner errors', () => {
    const error = new AggregateError([new TypeError('inner')], 'outer', { cause: new Error('why') })
    expect(fieldsOf({ error })).toMatchObject({
      error: {
        name: 'AggregateError',
        message: 'outer',
        cause: { name: 'Error', message: 'why' },
        errors: [{ name: 'TypeError', message: 'inner' }],
      },
    })
  })
})

describe('drops what cannot be stored, and keeps the line', () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const circular: Record<string, unknown> = {}
  circular.self = circular
  test.each([
    [{ deep: JSON.parse('['.repeat(200) + ']'.repeat(200)) }, 'the fields are nested too deep'],
    [circular, 'the fields cannot be written as JSON'],
    [{ proxy }, 'the fields cannot be written as JSON'],
  ])('%#', (fields, dropped) => {
    expect(fieldsOf(fields)).toEqual({ dropped })
  })
})

test('keeps 8 MiB of lines, however long they are, and then a line that reports the limit', () => {
  const entries: Omit<LogEntry, 'key'>[] = []
  const log = attemptLog((entry) => entries.push(entry))
  for (let line = 0; line < 5_000; line++) log.info('é'.repeat(2_000), { text: 'é'.repeat(1_000) })
  const bytes = entries.map(({ message, fields }) => Buffer.byteLength(message) + Buffer.byteLength(fields ?? ''))
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(8 * 1_048_576)
  expect(entries.length).toBeGreaterThan(1_300)
  expect(entries.at(-1)).toMatchObject({
    level: 'warn',
    message: 'Later lines are dropped: 10,000 lines or 8 MiB are kept',
  })
})

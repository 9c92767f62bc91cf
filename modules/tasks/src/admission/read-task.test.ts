import { asSent } from '@taskflow/validation'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkTask, type ReadTask, readBody, readPlainTask, readTask } from './read-task.ts'

/** Reads a task as the API does; its body contains the payload as a field. */
const readSent = (given: unknown) => withoutPayload(readBody(checkTask(asSent(given))))

const outcomeOf = (read: () => unknown): unknown => {
  try {
    // JSON omits fields that are undefined.
    return JSON.parse(JSON.stringify(read()))
  } catch (error) {
    return String(error)
  }
}

const withoutPayload = ({ fields, payload }: ReadTask) => ({ fields: { ...fields, payload: undefined }, payload })

const awkward = fc.oneof(
  fc.anything(),
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '\0',
    '\ud800',
    JSON.parse('{"__proto__":1}'),
    2 ** 60,
    1e300,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    new Date(0),
    undefined,
    () => 1,
  ),
)

const fields = fc.record(
  {
    type: fc.oneof(fc.constant('report.build'), awkward),
    payload: awkward,
    queue: fc.oneof(fc.constant('reports'), awkward),
    runAt: fc.oneof(fc.constant(new Date('2030-01-01T00:00:00Z')), awkward),
    delayMs: fc.oneof(fc.constant(5), awkward),
    retry: fc.oneof(fc.constant({ baseMs: 5, maxMs: undefined }), awkward),
    labels: fc.oneof(fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), awkward),
    title: awkward,
    unknown: awkward,
  },
  { requiredKeys: ['type'] },
)

test('reads any value, or rejects it with the same error, as if it had been sent as JSON', () => {
  fc.assert(
    fc.property(fc.oneof(fields, awkward), (given) => {
      expect(outcomeOf(() => withoutPayload(readTask(given)))).toEqual(outcomeOf(() => readSent(given)))
    }),
    { numRuns: 2_000 },
  )
})

describe('the shortcut for plain values', () => {
  test.each([
    [{ type: 'a' }],
    [
      {
        type: 'a',
        payload: { list: [1, -2.5e10, null, 'Grüße "\\" 👩‍🚀'] },
        priority: 'high',
        title: 'ä',
        delayMs: undefined,
      },
    ],
    [{ type: 'a', labels: { customer: 'acme' }, retry: { baseMs: 5 }, runAt: new Date('2030-01-01T00:00:00Z') }],
  ])('applies to an ordinary task: %j', (given) => {
    expect(outcomeOf(() => readPlainTask(given))).toEqual(outcomeOf(() => readSent(given)))
  })

  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)])

  test.each([
    ['a NUL', { type: 'a', payload: { text: '\0' } }],
    ['half a surrogate pair', { type: 'a', title: '\ud800' }],
    ['a number of many digits', { type: 'a', payload: 2 ** 60 }],
    ['a forbidden name', { type: 'a', payload: JSON.parse('{"__proto__":1}') }],
    ['a deep payload', { type: 'a', payload: deep(61) }],
    ['an unknown field', { type: 'a', prioritty: 'high' }],
    ['a value with toJSON', { type: 'a', toJSON: () => ({ type: 'b' }) }],
  ])('does not apply to %s', (_, given) => {
    expect(readPlainTask(given)).toBeUndefined()
  })
})

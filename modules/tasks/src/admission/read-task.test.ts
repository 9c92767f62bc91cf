import { asSent } from '@taskflow/validation'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkTask, type ReadTask, readBody, readPlainTask, readTask } from './read-task.ts'

/** As the API reads it, whose body has the payload among its fields. */
const readSent = (given: unknown) => withoutPayload(readBody(checkTask(asSent(given))))

const outcomeOf = (read: () => unknown): unknown => {
  try {
    // Fields that are given as undefined are not there, to JSON.
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

test('reads any value as it would be read once it has travelled, and refuses it in the same words', () => {
  fc.assert(
    fc.property(fc.oneof(fields, awkward), (given) => {
      expect(outcomeOf(() => withoutPayload(readTask(given)))).toEqual(outcomeOf(() => readSent(given)))
    }),
    { numRuns: 2_000 },
  )
})

describe('the short way', () => {
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
  ])('is taken for what is ordinary: %j', (given) => {
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
    ['what writes itself', { type: 'a', toJSON: () => ({ type: 'b' }) }],
  ])('is not taken for %s', (_, given) => {
    expect(readPlainTask(given)).toBeUndefined()
  })
})

import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_JSON_DEPTH, writeJson } from './json.ts'

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))

class Row {
  id = 1
  tags = ['a']
  name(): string {
    return 'row'
  }
}

describe('writes what JSON holds, as JSON.stringify does', () => {
  test.each([
    null,
    'text',
    1.5,
    true,
    {},
    [],
    { a: undefined, b: [undefined, null] },
    { at: new Date(0), url: new URL('http://a.b/c'), bytes: Buffer.from('ab') },
    new Row(),
    Object.assign(Object.create(null), { a: 1 }),
    [new Number(1), new String('a'), new Boolean(false)],
    { toJSON: () => ({ a: [1] }) },
    nested(MAX_JSON_DEPTH),
    { text: '['.repeat(1_000), escaped: '"{\\"' },
  ])('%o', (value) => {
    expect(writeJson(value, 'The result')).toBe(JSON.stringify(value))
  })

  test('any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 10 }), (value) => {
        expect(writeJson(value, 'It')).toBe(JSON.stringify(value))
      }),
    )
  })
})

describe('refuses what JSON would lose, by its place and kind', () => {
  const circular: Record<string, unknown> = {}
  circular.self = circular
  test.each<[unknown, string]>([
    [new Map([[1, 2]]), 'it is a Map, which JSON writes as {}: convert it'],
    [{ items: [1, { tags: new Set() }] }, '`.items[1].tags` is a Set, which JSON writes as {}'],
    [{ 'odd key': { e: new Error('x') } }, '`["odd key"].e` is an Error, which JSON writes as {}: use its message'],
    [{ e: new AggregateError([]) }, '`.e` is an Error'],
    [[new Response('x')], '`[0]` is a Response'],
    [{ h: new Headers() }, '`.h` is a Headers'],
    [{ q: new URLSearchParams() }, '`.q` is a URLSearchParams, which'],
    [{ s: new ReadableStream() }, '`.s` is a ReadableStream'],
    [{ s: Readable.from([]) }, '`.s` is a stream: read it first'],
    [{ p: Promise.resolve(1) }, '`.p` is a promise: await it'],
    [{ b: new Uint8Array(2) }, '`.b` is a Uint8Array'],
    [{ r: /x/ }, '`.r` is a RegExp'],
    [{ g: [][Symbol.iterator]() }, '`.g` is a Array Iterator'],
    [{ n: Number.NaN }, '`.n` is NaN, which JSON writes as null'],
    [[Number.NEGATIVE_INFINITY], '`[0]` is -Infinity'],
    [{ d: new Date(Number.NaN) }, '`.d` is an invalid Date, which JSON writes as null'],
    [{ id: 10n }, '`.id` is a BigInt, which JSON does not hold: convert it to a string'],
    [() => 1, 'it is a function, which JSON leaves out'],
    [{ read: () => 1 }, '`.read` is a function'],
    [[Symbol('a')], '`[0]` is a symbol'],
    [{ toJSON: () => new Map() }, 'it is a Map'],
    [nested(MAX_JSON_DEPTH + 1), 'is nested deeper than 64 levels, or contains itself'],
    [nested(20_000), 'is nested deeper than 64 levels, or contains itself'],
    [circular, 'is nested deeper than 64 levels, or contains itself'],
  ])('%o', (value, sentence) => {
    expect(() => writeJson(value, 'The result')).toThrow(TypeError)
    expect(() => writeJson(value, 'The result')).toThrow(`The result cannot be stored as JSON: `)
    expect(() => writeJson(value, 'The result')).toThrow(sentence)
  })
})

describe('a hostile value is refused by a TypeError', () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  let reads = 0
  const hostile: Record<string, unknown> = {
    'a revoked proxy': { a: proxy },
    'a getter that throws': {
      get a() {
        throw new Error('no')
      },
    },
    'a getter that throws a proxy': {
      get a() {
        throw proxy
      },
    },
    'a toJSON that throws': { toJSON: () => JSON.parse('{') },
    'a toJSON that never ends': {
      toJSON() {
        return { again: this }
      },
    },
    'a value that is deeper the second time': {
      get a() {
        return reads++ % 2 === 0 ? 1 : nested(100)
      },
    },
  }
  test.each(Object.keys(hostile))('%s', (name) => {
    expect(() => writeJson(hostile[name], 'The result')).toThrow(TypeError)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson } from './parse-json.ts'

const read = (text: string): unknown => parseJson(Buffer.from(text))

test('parses every number that JavaScript prints', () => {
  expect(read('123456789012345680000')).toBe(123456789012345680000)
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      // JSON.stringify prints -0 as 0.
      expect(read(JSON.stringify(number))).toBe(number === 0 ? 0 : number)
    }),
    { numRuns: 2_000 },
  )
})

test('ignores a byte order mark at the start, and only there', () => {
  expect(read('\ufeff{"a":"\ufeff"}')).toEqual({ a: '\ufeff' })
  expect(() => read('{\ufeff}')).toThrow('not JSON')
})

test('names UTF-16', () => {
  for (const mark of [
    [0xff, 0xfe],
    [0xfe, 0xff],
  ])
    expect(() => parseJson(Buffer.from(mark))).toThrow('UTF-16')
})

describe('an integer that would lose digits', () => {
  for (const text of ['9007199254740993', '-9007199254740993', '123456789012345678901', '[12345678901234567890123]']) {
    test(`${text} is rejected`, () => {
      expect(() => read(text)).toThrow('loses digits')
    })
  }
})

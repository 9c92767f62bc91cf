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

describe('an integer that would lose digits', () => {
  for (const text of ['9007199254740993', '-9007199254740993', '123456789012345678901', '[12345678901234567890123]']) {
    test(`${text} is rejected`, () => {
      expect(() => read(text)).toThrow('loses digits')
    })
  }
})

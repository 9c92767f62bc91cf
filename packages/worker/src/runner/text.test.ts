import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clip, holdsNul, storable, storableJson } from './text.ts'

test('finds an escaped NUL in JSON exactly when a string in it holds one', () => {
  const text = fc.string({ unit: fc.constantFrom('\u0000', '\\', 'u0000', 'u', '"', 'a') })
  fc.assert(fc.property(text, (value) => holdsNul(JSON.stringify(value)) === value.includes('\u0000')))
})

test('clips to the number of bytes and never in the middle of a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.integer({ min: 4, max: 40 }), (text, maxBytes) => {
      const clipped = clip(text, maxBytes)
      expect(Buffer.byteLength(clipped)).toBeLessThanOrEqual(maxBytes)
      expect(clipped === text || clipped.endsWith('…')).toBe(true)
      expect(clipped.isWellFormed()).toBe(true)
    }),
  )
})

test('replaces NUL and lone surrogates', () => {
  expect(storable('a\u0000b\ud83dc🚀')).toBe('a\uFFFDb\uFFFDc🚀')
})

test('makes JSON well-formed as its strings would be', () => {
  const unit = fc.constantFrom('\ud83d', '\ude80', '\udfff', '\\', 'ud83d', '\\ud83d', '"', 'a')
  fc.assert(
    fc.property(fc.string({ unit }), (value) => {
      expect(JSON.parse(storableJson(JSON.stringify({ [value]: value })))).toEqual({
        [value.toWellFormed()]: value.toWellFormed(),
      })
    }),
  )
})

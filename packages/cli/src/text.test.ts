import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutTo, harmless, onOneLine, widthOf } from './text.ts'

test('removes the sequences that colour, move, clear, link or ring', () => {
  expect(harmless('\u001b[31;1mred\u001b[0m, \u001b[2Jcleared, \u009b1;1Hmoved')).toBe('red, cleared, moved')
  expect(harmless('\u001b]8;;https://x\u0007link\u001b]8;;\u001b\\, \u001b]0;title\u009crest')).toBe('link, rest')
  expect(harmless('\u001bPdevice\u001b\\a\u001b(Bb\u001bcc\u001b[0')).toBe('abc0')
  expect(harmless('never ends: \u001b]0;title')).toBe('never ends: 0;title')
  expect(harmless('bell\u0007 and\ttab')).toBe('bell  and tab')
})

test('removes colours and links as Node.js does', () => {
  const unit = fc.constantFrom(
    'a',
    '字',
    ' ',
    '\u001b[31m',
    '\u001b[0;1m',
    '\u001b[K',
    '\u001b]8;;http://x\u0007',
    '\u001b]0;t\u001b\\',
  )
  fc.assert(
    fc.property(fc.string({ unit }), (given) => {
      expect(harmless(given)).toBe(stripVTControlCharacters(given))
    }),
  )
})

test('takes no longer for many strings without a terminator', () => {
  const startedMs = performance.now()
  harmless('\u001b]'.repeat(200_000))
  // In quadratic time it would be minutes.
  expect(performance.now() - startedMs).toBeLessThan(5_000)
})

test('joins lines with one space, whatever spaces surround the line breaks', () => {
  expect(onOneLine('first  \n\t second\n \n\nthird')).toBe('first second third')
  expect(onOneLine('\nfirst')).toBe(' first')
  expect(onOneLine('last\n')).toBe('last ')
  expect(onOneLine(' alone ')).toBe(' alone ')
})

test('removes the spaces around each line break, in any text', () => {
  const text = fc
    .array(fc.constantFrom('a', ' ', '\n', '\t', '字'), { maxLength: 12 })
    .map((letters) => letters.join(''))
  fc.assert(
    fc.property(text, (given) => {
      expect(onOneLine(given)).toBe(harmless(given).replace(/\s*\n\s*/g, ' '))
    }),
  )
})

test('takes no longer for a long run of spaces', () => {
  const startedMs = performance.now()
  onOneLine(`${' '.repeat(400_000)}x`)
  // In quadratic time it would be minutes.
  expect(performance.now() - startedMs).toBeLessThan(5_000)
})

test('cuts a text to a width, however many characters have no width', () => {
  expect(cutTo('abcdef', 4)).toBe('abc…')
  expect(cutTo('字字字', 4)).toBe('字…')
  const accented = `a${'\u0301'.repeat(60_000)}bcd`
  expect(widthOf(cutTo(accented, 3))).toBe(3)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutTo, harmless, onOneLine, widthOf } from './text.ts'

test('a text of several lines becomes one, whatever blanks are around the breaks', () => {
  expect(onOneLine('first  \n\t second\n \n\nthird')).toBe('first second third')
  expect(onOneLine('\nfirst')).toBe(' first')
  expect(onOneLine('last\n')).toBe('last ')
  expect(onOneLine(' alone ')).toBe(' alone ')
})

test('a break takes the blanks around it with it, in any text', () => {
  const text = fc
    .array(fc.constantFrom('a', ' ', '\n', '\t', '字'), { maxLength: 12 })
    .map((letters) => letters.join(''))
  fc.assert(
    fc.property(text, (given) => {
      expect(onOneLine(given)).toBe(harmless(given).replace(/\s*\n\s*/g, ' '))
    }),
  )
})

test('a long run of blanks takes no longer than other text', () => {
  const startedMs = performance.now()
  onOneLine(`${' '.repeat(400_000)}x`)
  // Of the square it would be minutes.
  expect(performance.now() - startedMs).toBeLessThan(5_000)
})

test('a text is cut to a width, however many characters have none', () => {
  expect(cutTo('abcdef', 4)).toBe('abc…')
  expect(cutTo('字字字', 4)).toBe('字…')
  const accented = `a${'\u0301'.repeat(60_000)}bcd`
  expect(widthOf(cutTo(accented, 3))).toBe(3)
})

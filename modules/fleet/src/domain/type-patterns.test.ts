import { expect, test } from 'vitest'
import { matchesType, mistakeInTypes } from './type-patterns.ts'

test.each([
  ['report.build', 'report.build', true],
  ['report.build', 'report.build.all', false],
  ['report.*', 'report.build', true],
  ['report.*', 'report.', true],
  ['report.*', 'report', false],
  ['report*', 'reports', true],
  ['*', 'anything', true],
] as const)('%s matches %s: %s', (pattern, type, isMatch) => {
  expect(matchesType(pattern, type)).toBe(isMatch)
})

test('accepts names and prefixes', () => {
  expect(mistakeInTypes(['report.build', 'mail.*', 'eu:a_b-*', '*'])).toBeUndefined()
})

test.each(['', 'a b', '*.build', 'report.*.pdf', '**', '.*'])('rejects %j', (pattern) => {
  expect(mistakeInTypes(['mail.send', pattern])).toBe(
    `must be names of task types, or prefixes followed by *, got ${JSON.stringify(pattern)}`,
  )
})

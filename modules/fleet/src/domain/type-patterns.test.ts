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
] as const)('%s means %s: %s', (pattern, type, isMeant) => {
  expect(matchesType(pattern, type)).toBe(isMeant)
})

test('names and beginnings are taken', () => {
  expect(mistakeInTypes(['report.build', 'mail.*', 'eu:a_b-*', '*'])).toBeUndefined()
})

test.each(['', 'a b', '*.build', 'report.*.pdf', '**', '.*'])('%j is refused', (pattern) => {
  expect(mistakeInTypes(['mail.send', pattern])).toBe(
    `must be names of task types, or beginnings with a * behind, got ${JSON.stringify(pattern)}`,
  )
})

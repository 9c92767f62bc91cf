import { expect, test } from 'vitest'
import { selectTypes } from './select-types.ts'

const DEFINED = ['report.build', 'report.send', 'mail.send'].map((type) => ({ type }))

const select = (patterns: readonly string[] | undefined) => {
  const { selected, unmatched } = selectTypes(DEFINED, patterns)
  return { selected: selected.map(({ type }) => type), unmatched }
}

test('selects every type without patterns', () => {
  expect(select(undefined)).toEqual({ selected: ['report.build', 'report.send', 'mail.send'], unmatched: [] })
})

test('selects a type that matches several patterns once', () => {
  expect(select(['report.*', 'report.send'])).toEqual({ selected: ['report.build', 'report.send'], unmatched: [] })
})

test('names the patterns that match no type', () => {
  expect(select(['mail.send', 'report', 'sms.*'])).toEqual({ selected: ['mail.send'], unmatched: ['report', 'sms.*'] })
})

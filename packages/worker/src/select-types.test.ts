import { expect, test } from 'vitest'
import { selectTypes } from './select-types.ts'

const DEFINED = ['report.build', 'report.send', 'mail.send'].map((type) => ({ type }))

const select = (patterns: readonly string[] | undefined) => {
  const { selected, idle } = selectTypes(DEFINED, patterns)
  return { selected: selected.map(({ type }) => type), idle }
}

test('without patterns every type is taken', () => {
  expect(select(undefined)).toEqual({ selected: ['report.build', 'report.send', 'mail.send'], idle: [] })
})

test('a type that any of the patterns means is taken, once', () => {
  expect(select(['report.*', 'report.send'])).toEqual({ selected: ['report.build', 'report.send'], idle: [] })
})

test('a pattern that means nothing is named', () => {
  expect(select(['mail.send', 'report', 'sms.*'])).toEqual({ selected: ['mail.send'], idle: ['report', 'sms.*'] })
})

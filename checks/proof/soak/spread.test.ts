import { expect, test } from 'vitest'
import { spreadOf } from './spread.ts'

test('returns p50 and p99 of values in any order', () => {
  const values = Array.from({ length: 1_000 }, (_, n) => (n * 7) % 1_000)
  expect(spreadOf(values)).toEqual({ count: 1_000, p50: 500, p99: 990 })
})

test('returns null without values', () => {
  expect(spreadOf([])).toEqual({ count: 0, p50: null, p99: null })
})

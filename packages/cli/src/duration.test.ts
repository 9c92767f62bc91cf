import { expect, test } from 'vitest'
import { fromNow, parseDurationMs, shortDuration } from './duration.ts'

test('durations have a unit', () => {
  expect(['500ms', '10s', '1.5m', '2h', '1d'].map(parseDurationMs)).toEqual([
    500, 10_000, 90_000, 7_200_000, 86_400_000,
  ])
})

for (const text of ['', '10', 's', '-5s', '5 weeks', '1h30m']) {
  test(`"${text}" is not a duration`, () => {
    expect(() => parseDurationMs(text)).toThrow('Expected a duration such as 500ms')
  })
}

for (const text of [`${'9'.repeat(400)}d`, '365001d', `${Number.MAX_SAFE_INTEGER}h`]) {
  test(`"${text.slice(0, 20)}" is too long`, () => {
    expect(() => parseDurationMs(text)).toThrow('Expected a duration of less than a thousand years.')
  })
}

test('a duration is printed in the largest unit that fits', () => {
  expect([0, 999, 1_000, 119_000, 7_200_000, 172_800_000].map(shortDuration)).toEqual([
    '0ms',
    '999ms',
    '1s',
    '1m',
    '2h',
    '2d',
  ])
})

test('a time is printed relative to now', () => {
  const nowMs = Date.parse('2026-01-01T00:00:00Z')
  expect(fromNow('2025-12-31T23:59:00Z', nowMs)).toBe('1m ago')
  expect(fromNow('2026-01-01T00:00:05Z', nowMs)).toBe('in 5s')
  expect(fromNow('2026-01-01T00:00:00.400Z', nowMs)).toBe('just now')
})

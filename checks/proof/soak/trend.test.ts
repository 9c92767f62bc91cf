import { expect, test } from 'vitest'
import { type Point, slopeOf, trendOf } from './trend.ts'

const HOUR = 240

/** A curve with one value for each sample of an hour. */
const curve = (value: (nth: number) => number): Point[] =>
  Array.from({ length: HOUR + 1 }, (_, nth): Point => [nth * 15, value(nth)])

// Noise between 0 and 1, the same each time, without a pattern that would affect a median.
const noise = (nth: number): number => (nth * 0.618_034) % 1

test('finds the slope of a straight line', () => {
  expect(slopeOf(curve((nth) => 7 + 3 * nth))).toBeCloseTo(3 / 15)
})

test('finds no slope in a single point', () => {
  expect(slopeOf([[0, 5]])).toBe(0)
})

test('finds a leak of a tenth below larger noise', () => {
  const { rise } = trendOf(curve((nth) => 100 + 10 * (nth / HOUR) + 15 * noise(nth)))
  expect(rise).toBeGreaterThan(0.07)
  expect(rise).toBeLessThan(0.12)
})

test('finds no rise in the sawtooth of a vacuumed table', () => {
  expect(Math.abs(trendOf(curve((nth) => 4_000 + 3_000 * (nth % 4))).rise)).toBeLessThan(0.01)
})

test('finds no rise in outliers that all come late', () => {
  const { rise, first, last } = trendOf(curve((nth) => (nth > 160 && nth % 4 === 0 ? 5_000 : 4 + noise(nth))))
  expect(Math.abs(rise)).toBeLessThan(0.1)
  expect(first).toBeLessThan(5)
  expect(last).toBeGreaterThan(4)
})

test('returns median and maximum of the first and the last quarter', () => {
  expect(trendOf(curve((nth) => nth))).toMatchObject({ first: 29.5, last: 210, mostOfFirst: 59, mostOfLast: 240 })
})

test('returns no rise for a curve that is zero', () => {
  expect(trendOf(curve(() => 0))).toMatchObject({ median: 0, rise: 0, first: 0, last: 0 })
})

import { expect, test } from 'vitest'
import { median, type Point, slopeOf, trendOf } from './trend.ts'

const HOUR = 240

/** One value for each of the samples of an hour. */
const curve = (value: (nth: number) => number): Point[] =>
  Array.from({ length: HOUR + 1 }, (_, nth): Point => [nth * 15, value(nth)])

// Between 0 and 1, without a pattern that a median would see, and the same each time.
const grain = (nth: number): number => (nth * 0.618_034) % 1

test('takes the mean of the two in the middle for the median of an even number', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5])
})

test('finds the slope of a straight line', () => {
  expect(slopeOf(curve((nth) => 7 + 3 * nth))).toBeCloseTo(3 / 15)
})

test('finds no slope in a single point', () => {
  expect(slopeOf([[0, 5]])).toBe(0)
})

test('sees a leak of a tenth through grain that is larger', () => {
  const { rise } = trendOf(curve((nth) => 100 + 10 * (nth / HOUR) + 15 * grain(nth)))
  expect(rise).toBeGreaterThan(0.07)
  expect(rise).toBeLessThan(0.12)
})

test('sees no rise in the saw of a table that is vacuumed', () => {
  expect(Math.abs(trendOf(curve((nth) => 4_000 + 3_000 * (nth % 4))).rise)).toBeLessThan(0.01)
})

test('sees no rise in outliers that all come late', () => {
  const { rise, first, last } = trendOf(curve((nth) => (nth > 160 && nth % 4 === 0 ? 5_000 : 4 + grain(nth))))
  expect(Math.abs(rise)).toBeLessThan(0.1)
  expect(first).toBeLessThan(5)
  expect(last).toBeGreaterThan(4)
})

test('tells the medians and the most of the first and the last quarter', () => {
  expect(trendOf(curve((nth) => nth))).toMatchObject({ first: 29.5, last: 210, mostOfFirst: 59, mostOfLast: 240 })
})

test('has no share to tell of a curve that lies at zero', () => {
  expect(trendOf(curve(() => 0))).toMatchObject({ median: 0, rise: 0, first: 0, last: 0 })
})

import { median } from '@taskflow/testing/measuring/median'

/** A time and the value at that time. */
export type Point = readonly [at: number, value: number]

/**
 * Returns the median of the slopes between all pairs of points (Theil and Sen), in values per unit of time. Up to three
 * outliers in ten points, from checkpoints or other processes, hardly affect it; a least squares line would follow
 * them.
 */
export function slopeOf(points: readonly Point[]): number {
  const slopes = points.flatMap(([at, value], index) =>
    points.slice(index + 1).flatMap(([laterAt, later]) => (laterAt === at ? [] : [(later - value) / (laterAt - at)])),
  )
  return slopes.length === 0 ? 0 : median(slopes)
}

export interface Trend {
  readonly median: number
  /** The growth from the first point to the last by the slope, as a share of the median. */
  readonly rise: number
  /** Medians of the first and the last quarter of the time. */
  readonly first: number
  readonly last: number
  /** The maximum of each of the two quarters. */
  readonly mostOfFirst: number
  readonly mostOfLast: number
}

export function trendOf(points: readonly Point[]): Trend {
  const from = points[0]?.[0] ?? 0
  const duration = (points.at(-1)?.[0] ?? 0) - from
  const middle = median(points.map(([, value]) => value))
  const quarter = (nth: number) =>
    points.filter(([at]) => Math.min(3, Math.floor((4 * (at - from)) / duration)) === nth).map(([, value]) => value)
  const [first, last] = [quarter(0), quarter(3)]
  return {
    median: middle,
    // A curve that is zero has no relative rise.
    rise: middle === 0 ? 0 : (slopeOf(points) * duration) / middle,
    first: median(first),
    last: median(last),
    mostOfFirst: Math.max(...first),
    mostOfLast: Math.max(...last),
  }
}

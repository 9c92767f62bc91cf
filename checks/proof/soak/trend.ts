/** A moment and what was measured then. */
export type Point = readonly [at: number, value: number]

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/**
 * The median of the slopes between all pairs of points (Theil and Sen), in values by unit of time. Up to three points in ten may be
 * anything at all, a checkpoint or a neighbour's work, and hardly move it; a line by least squares follows them.
 */
export function slopeOf(points: readonly Point[]): number {
  const slopes = points.flatMap(([at, value], index) =>
    points.slice(index + 1).flatMap(([laterAt, later]) => (laterAt === at ? [] : [(later - value) / (laterAt - at)])),
  )
  return slopes.length === 0 ? 0 : median(slopes)
}

export interface Trend {
  readonly median: number
  /** What the slope makes of it from the first point to the last, as a share of the median. */
  readonly rise: number
  /** Medians of the first and the last quarter of the time. */
  readonly first: number
  readonly last: number
  /** The most of either. */
  readonly mostOfFirst: number
  readonly mostOfLast: number
}

export function trendOf(points: readonly Point[]): Trend {
  const from = points[0]?.[0] ?? 0
  const lasting = (points.at(-1)?.[0] ?? 0) - from
  const middle = median(points.map(([, value]) => value))
  const quarter = (nth: number) =>
    points.filter(([at]) => Math.min(3, Math.floor((4 * (at - from)) / lasting)) === nth).map(([, value]) => value)
  const [first, last] = [quarter(0), quarter(3)]
  return {
    median: middle,
    // A curve that lies at zero has no share to rise by.
    rise: middle === 0 ? 0 : (slopeOf(points) * lasting) / middle,
    first: median(first),
    last: median(last),
    mostOfFirst: Math.max(...first),
    mostOfLast: Math.max(...last),
  }
}
